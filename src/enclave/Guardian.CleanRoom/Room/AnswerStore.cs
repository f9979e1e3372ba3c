using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The record of an admitted question.</summary>
/// <param name="Key">Key of the question and its data versions.</param>
/// <param name="Asked">Sequence of the question's log entry.</param>
/// <param name="Member">The member who asked.</param>
/// <param name="Question">The question.</param>
/// <param name="Versions">Public name of the version of each data set that takes part, by name.</param>
/// <param name="Outcome"><c>answered</c>, or the code of the refusal.</param>
/// <param name="Statement">The signed answer, with a result or a refusal.</param>
/// <param name="Sets">The sets of persons that the answer describes; none for a refusal.</param>
internal sealed record AnswerRecord(
    string Key, long Asked, string Member, Question Question, IReadOnlyDictionary<string, string> Versions, string Outcome,
    byte[] Statement, IReadOnlyList<PersonSet> Sets)
{
    /// <summary>Makes the widest record of the same question.</summary>
    /// <param name="widest">Knows the most sets that an answer to it can describe.</param>
    /// <param name="sketch">The layout of sketches.</param>
    public AnswerRecord ToWidest(WidestAnswer widest, SketchLayout sketch) => this with
    {
        Outcome = AnswerSummary.WidestOutcome,
        Sets = [.. Enumerable.Repeat(RecordedSets.Widest(widest.CellCount, sketch), widest.CountSets())],
    };
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(AnswerRecord))]
internal sealed partial class AnswerRecordJson : JsonSerializerContext;

/// <summary>
/// All answers, given or withheld. The same question gets the same answer: repetition costs nothing, and noise cannot be averaged away.
/// Records are encrypted on the untrusted disk; the log has the hash of each. Thread-safe.
/// </summary>
internal sealed class AnswerStore
{
    private const string Extension = ".answer";

    private readonly Lock gate = new();
    private readonly string directory;
    private readonly StateCipher state;
    private readonly Dictionary<string, AnswerRecord> byKey = [];

    /// <summary>Opens the store, and reads all records that the log names.</summary>
    /// <exception cref="RefusedException">A record is missing or was changed.</exception>
    public AnswerStore(string directory, StateCipher state, IEnumerable<LogLine> log)
    {
        (this.directory, this.state) = (directory, state);
        DurableFile.CreateDirectory(directory);
        foreach (var unfinished in Directory.GetFiles(directory).Where(path => Path.GetExtension(path) != Extension))
        {
            File.Delete(unfinished);
        }
        foreach (var entry in log.Where(entry => entry.Event == LogEvents.Answer))
        {
            Add(Read(JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.AnswerDetail)!));
        }
    }

    /// <summary>All records, in the order in which they were added.</summary>
    public IReadOnlyList<AnswerRecord> Records
    {
        get
        {
            lock (gate)
            {
                return [.. byKey.Values];
            }
        }
    }

    /// <summary>Finds the record of a question by its key; null when it is new.</summary>
    public AnswerRecord? Find(string key)
    {
        lock (gate)
        {
            return byKey.GetValueOrDefault(key);
        }
    }

    /// <summary>Finds the record of the question with that sequence in the log; null when there is none.</summary>
    public AnswerRecord? Find(long asked) => Records.FirstOrDefault(record => record.Asked == asked);

    /// <summary>Writes a record; when this returns, it is on disk. Nobody can read it before <see cref="Add"/>.</summary>
    /// <param name="record">The record.</param>
    /// <param name="widest">The widest record that could be in its place; the file has its size.</param>
    /// <returns>The record's hash, for the log.</returns>
    public string Write(AnswerRecord record, AnswerRecord widest)
    {
        var json = PaddedJson.Write(record, widest, AnswerRecordJson.Default.AnswerRecord);
        var encrypted = state.Encrypt(NameOf(record.Asked), json);
        DurableFile.Replace(PathOf(record.Asked), encrypted);
        return Convert.ToHexStringLower(SHA256.HashData(encrypted));
    }

    /// <summary>Adds a record, so that members can read it.</summary>
    public void Add(AnswerRecord record)
    {
        lock (gate)
        {
            byKey[record.Key] = record;
        }
    }

    private AnswerRecord Read(AnswerDetail detail)
    {
        var path = PathOf(detail.Asked);
        var encrypted = File.Exists(path) ? File.ReadAllBytes(path) : [];
        return Convert.ToHexStringLower(SHA256.HashData(encrypted)) == detail.Record
            && state.TryDecrypt(NameOf(detail.Asked), encrypted) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, AnswerRecordJson.Default.AnswerRecord)!
            : throw new RefusedException(RoomReasons.StateChanged.Because(
                $"{path} was changed or removed outside the enclave; restore the room's state"));
    }

    private string PathOf(long asked) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{asked}{Extension}"));

    private static string NameOf(long asked) => $"answer {asked}";
}
