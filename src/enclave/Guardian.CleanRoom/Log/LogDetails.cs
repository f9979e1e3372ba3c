using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;

namespace Guardian.CleanRoom.Log;

/// <summary>A log entry's detail about an upload.</summary>
/// <param name="Base">Digest of the version that was changed; null when everyone was brought.</param>
/// <param name="Upload">Digest of what was sent, when the enclave made the version from it.</param>
internal sealed record UploadDetail(string DataSet, string Digest, int Rows, string? Base = null, string? Upload = null);

/// <summary>A log entry's detail about the deletion of a data set's current version.</summary>
internal sealed record DeletionDetail(string DataSet, string Digest);

/// <summary>A log entry's detail about a question that was let in. What it costs is spent from here on, whatever happens next.</summary>
/// <param name="Versions">Digest of each data set's version that takes part, by name.</param>
/// <param name="Epsilon">What each of these data sets is charged; 0 without noise.</param>
internal sealed record QuestionDetail(Question Question, IReadOnlyDictionary<string, string> Versions, double Epsilon);

/// <summary>A log entry's detail about what became of a question.</summary>
/// <param name="Asked">Sequence of the question's entry.</param>
/// <param name="Outcome"><c>answered</c>, or the reason for which it was withheld.</param>
/// <param name="Record">SHA-256 of what the room keeps about it, lower-case hex.</param>
internal sealed record AnswerDetail(long Asked, string Outcome, string Record);

/// <summary>A log entry's detail about a question that cost nothing: it was answered before, or not allowed.</summary>
/// <param name="Answered">Sequence of the entry about the answer that was given again; null when nothing was.</param>
/// <param name="Reason">Why it was refused; null when it was answered before.</param>
internal sealed record FreeQuestionDetail(Question Question, long? Answered, string? Reason);

/// <summary>A log entry's detail about what was spent under the contract before.</summary>
/// <param name="Previous">Hash of that contract.</param>
/// <param name="Spent">By data set.</param>
internal sealed record SuccessionDetail(string Previous, IReadOnlyDictionary<string, double> Spent);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(UploadDetail))]
[JsonSerializable(typeof(DeletionDetail))]
[JsonSerializable(typeof(QuestionDetail))]
[JsonSerializable(typeof(AnswerDetail))]
[JsonSerializable(typeof(FreeQuestionDetail))]
[JsonSerializable(typeof(SuccessionDetail))]
internal sealed partial class RoomLogJson : JsonSerializerContext;
