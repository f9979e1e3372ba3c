using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Privacy;
using Guardian.Files.Durable;

namespace Guardian.CleanRoom.Room;

/// <summary>What a room keeps about a question that it let in.</summary>
/// <param name="Key">Of the question and the versions it was about.</param>
/// <param name="Asked">Sequence of the question's log entry.</param>
/// <param name="Member">Who asked.</param>
/// <param name="Statement">The signed answer; null when it was withheld.</param>
/// <param name="Refusal">Why it was withheld; null when it was answered.</param>
/// <param name="Sets">The sets of persons that the answer was about.</param>
internal sealed record AnswerRecord(
    string Key, long Asked, string Member, Question Question, byte[]? Statement, RoomRefusal? Refusal, IReadOnlyList<PersonSet> Sets);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(AnswerRecord))]
internal sealed partial class AnswerRecordJson : JsonSerializerContext;

/// <summary>
/// Every answer that was given, and every one that was withheld, so that the same question gets the same answer: asking again costs nothing and averages nothing away.
/// Encrypted on the untrusted disk; the log holds the hash of each record. Not thread-safe.
/// </summary>
internal sealed class AnswerStore
{
    private readonly string directory;
    private readonly StateCipher state;
    private readonly Dictionary<string, AnswerRecord> byKey = [];

    /// <summary>Opens the store, and reads what the log says must be there.</summary>
    /// <exception cref="RoomStateException">A record is gone or was changed.</exception>
    public AnswerStore(string directory, StateCipher state, IEnumerable<LogLine> log)
    {
        (this.directory, this.state) = (directory, state);
        DurableFile.CreateDirectory(directory);
        foreach (var entry in log.Where(entry => entry.Event == LogEvents.Answer))
        {
            var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.AnswerDetail)!;
            var record = Read(detail);
            byKey[record.Key] = record;
        }
    }

    /// <summary>All records, in the order they were made.</summary>
    public IEnumerable<AnswerRecord> Records => byKey.Values;

    /// <summary>What was said to this question before, or null.</summary>
    public AnswerRecord? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>What was said to the question with that sequence in the log, or null.</summary>
    public AnswerRecord? Find(long asked) => byKey.Values.FirstOrDefault(record => record.Asked == asked);

    /// <summary>Keeps a record; when this returns, it is on disk.</summary>
    /// <returns>Its hash, for the log.</returns>
    public string Add(AnswerRecord record)
    {
        var encrypted = state.Encrypt(Place(record.Asked), JsonSerializer.SerializeToUtf8Bytes(record, AnswerRecordJson.Default.AnswerRecord));
        DurableFile.Replace(PathOf(record.Asked), encrypted);
        byKey[record.Key] = record;
        return Convert.ToHexStringLower(SHA256.HashData(encrypted));
    }

    private AnswerRecord Read(AnswerDetail detail)
    {
        var path = PathOf(detail.Asked);
        var encrypted = File.Exists(path) ? File.ReadAllBytes(path) : [];
        return Convert.ToHexStringLower(SHA256.HashData(encrypted)) == detail.Record && state.TryDecrypt(Place(detail.Asked), encrypted) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, AnswerRecordJson.Default.AnswerRecord)!
            : throw new RoomStateException($"{path} was changed or removed outside the enclave; restore the room's state");
    }

    private string PathOf(long asked) => Path.Combine(directory, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{asked}.answer"));

    private static string Place(long asked) => $"answer {asked}";
}
