using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;

namespace Guardian.CleanRoom.Log;

/// <summary>The detail of an entry about an upload.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">Public name of the version. It is random: a function of the rows would let members test guesses.</param>
/// <param name="Base">Public name of the version that was changed; null when the upload had all persons.</param>
internal sealed record UploadDetail(string DataSet, string Version, string? Base = null);

/// <summary>The detail of an entry about the deletion of a data set's current version.</summary>
internal sealed record DeletionDetail(string DataSet, string Version);

/// <summary>The detail of an entry about an admitted question. Its price is spent from here on, whatever happens next.</summary>
/// <param name="Question">The question.</param>
/// <param name="Versions">Public name of the version of each data set that takes part, by name.</param>
/// <param name="Epsilon">The price for each of these data sets; 0 without noise.</param>
internal sealed record QuestionDetail(Question Question, IReadOnlyDictionary<string, string> Versions, decimal Epsilon);

/// <summary>The detail of an entry about the outcome of a question.</summary>
/// <param name="Asked">Sequence of the question's entry.</param>
/// <param name="Outcome"><c>answered</c>, or the code of the refusal.</param>
/// <param name="Record">SHA-256 of the stored record of the answer, lower-case hex.</param>
internal sealed record AnswerDetail(long Asked, string Outcome, string Record)
{
    /// <summary>Writes the detail so that its size does not depend on the outcome.</summary>
    public string Write() => Encoding.UTF8.GetString(PaddedJson.Write(
        this, this with { Outcome = AnswerSummary.WidestOutcome }, RoomLogJson.Default.AnswerDetail));
}

/// <summary>The detail of an entry about a question that cost nothing: it was answered before, or refused.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answered">Sequence of the entry of the question that was answered before; null for a refused one.</param>
/// <param name="Reason">The code of the refusal; null when it was answered before.</param>
internal sealed record FreeQuestionDetail(Question Question, long? Answered, string? Reason);

/// <summary>The detail of the first entry of a room that succeeds another.</summary>
/// <param name="Previous">Hash of the contract before.</param>
/// <param name="Head">Hash of the last entry of its log.</param>
/// <param name="Spent">Epsilon spent under it, by data set.</param>
internal sealed record SuccessionDetail(string Previous, string Head, IReadOnlyDictionary<string, decimal> Spent);

/// <summary>The detail of an entry about a hand-over. The room answers nothing after it.</summary>
/// <param name="Successor">Hash of the contract that succeeds this room's.</param>
internal sealed record HandOverDetail(string Successor);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(UploadDetail))]
[JsonSerializable(typeof(DeletionDetail))]
[JsonSerializable(typeof(QuestionDetail))]
[JsonSerializable(typeof(AnswerDetail))]
[JsonSerializable(typeof(FreeQuestionDetail))]
[JsonSerializable(typeof(SuccessionDetail))]
[JsonSerializable(typeof(HandOverDetail))]
internal sealed partial class RoomLogJson : JsonSerializerContext;
