using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Analyses;

/// <summary>What may be asked.</summary>
public enum QuestionKind
{
    /// <summary>How many persons are in all data sets and satisfy the filters.</summary>
    Overlap,

    /// <summary>The same, by the values of one or two columns.</summary>
    Crosstab,

    /// <summary>The sum of a column over these persons.</summary>
    Sum,

    /// <summary>How many of these persons a campaign reached, and how often.</summary>
    Reach,

    /// <summary>What the campaign did, as the contract designed it.</summary>
    Lift,

    /// <summary>The list of these persons, for the member whom every owner agreed to.</summary>
    Activation,
}

/// <summary>A question to a room.</summary>
public sealed record Question
{
    /// <summary>What is asked.</summary>
    public required QuestionKind Kind { get; init; }

    /// <summary>Names of the data sets that persons must be in; none: all of the room's. Lift takes those of its design.</summary>
    public IReadOnlyList<string> DataSets { get; init; } = [];

    /// <summary>All must hold. Each may be about columns of any data sets that take part.</summary>
    public IReadOnlyList<Condition> Where { get; init; } = [];

    /// <summary>For a crosstab, one or two columns, each <c>dataset.column</c>.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>For a sum, the column, <c>dataset.column</c>.</summary>
    public string? Column { get; init; }
}

/// <summary>The questions that were let in, and what became of them: <c>GET /v1/answers</c>.</summary>
public sealed record AnswerList(IReadOnlyList<AnswerSummary> Answers);

/// <param name="Asked">Sequence of the question's entry in the log; <c>GET /v1/answers/ASKED</c> gives the answer.</param>
/// <param name="Outcome"><c>answered</c>, or why it was withheld.</param>
public sealed record AnswerSummary(long Asked, string Member, Question Question, string Outcome);

/// <summary>Strict source-generated JSON of questions.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(AnswerList))]
public sealed partial class QuestionJson : JsonSerializerContext;
