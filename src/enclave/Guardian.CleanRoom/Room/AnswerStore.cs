using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Privacy;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The record of an admitted question.</summary>
/// <param name="Key">Key of the question and its data versions.</param>
/// <param name="Asked">Sequence of the question's log entry.</param>
/// <param name="Member">The member who asked.</param>
/// <param name="Question">The question.</param>
/// <param name="Statement">The signed answer; null when it was withheld.</param>
/// <param name="Refusal">The refusal; null when it was answered.</param>
/// <param name="Sets">The sets of persons that the answer describes.</param>
internal sealed record AnswerRecord(
    string Key, long Asked, string Member, Question Question, byte[]? Statement, WithheldAnswer? Refusal, IReadOnlyList<PersonSet> Sets)
{
    /// <summary><c>answered</c>, or the code of the refusal.</summary>
    [JsonIgnore]
    public string Outcome => Refusal?.Reason ?? "answered";

    /// <summary>The reply to a member who may read answers.</summary>
    [JsonIgnore]
    public Outcome<byte[]> Reply => Refusal is { } withheld ? withheld.ToRefusal() : Statement!;
}

/// <summary>The stored form of a refusal by a privacy rule.</summary>
internal sealed record WithheldAnswer(RefusalKind Kind, string Reason, string Detail)
{
    public static WithheldAnswer Of(Refusal refusal) => new(refusal.Kind, refusal.Code, refusal.Detail);

    // Only privacy rules refuse an admitted question, and all of them with one reason.
    public Refusal ToRefusal() => RoomReasons.BelowMinimumAudience.Because(Detail);
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
    /// <returns>The record's hash, for the log.</returns>
    public string Write(AnswerRecord record)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, AnswerRecordJson.Default.AnswerRecord);
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

    private string PathOf(long asked) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{asked}.answer"));

    private static string NameOf(long asked) => $"answer {asked}";
}
