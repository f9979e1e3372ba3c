using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Kinds of question.</summary>
public enum QuestionKind
{
    /// <summary>The number of persons in all data sets who satisfy the filters.</summary>
    Overlap,

    /// <summary>The same, by the values of one or two columns.</summary>
    Crosstab,

    /// <summary>The sum of a column over these persons.</summary>
    Sum,

    /// <summary>The number of these persons that a campaign reached, by frequency.</summary>
    Reach,

    /// <summary>The effect of the campaign, as the contract designed the measurement.</summary>
    Lift,

    /// <summary>The list of these persons, for the receiver that every owner agreed to.</summary>
    Activation,

    /// <summary>A program that the members brought, over these persons.</summary>
    Program,
}

/// <summary>A question to a room. A list that its JSON leaves out is empty.</summary>
public sealed record Question
{
    /// <summary>The kind of question.</summary>
    public required QuestionKind Kind { get; init; }

    /// <summary>Names of the data sets that persons must be in; empty for all data sets. Lift uses those of its design.</summary>
    public IReadOnlyList<string> DataSets { get; init => field = value ?? []; } = [];

    /// <summary>The conditions, all of which must hold. Each may use columns of any data sets that take part.</summary>
    public IReadOnlyList<Condition> Where { get; init => field = value ?? []; } = [];

    /// <summary>For a crosstab, one or two columns, each <c>dataset.column</c>; for lift by segment, one.</summary>
    public IReadOnlyList<string> By { get; init => field = value ?? []; } = [];

    /// <summary>For a sum, the column, <c>dataset.column</c>.</summary>
    public string? Column { get; init; }

    /// <summary>For a program, its name in the contract.</summary>
    public string? Program { get; init; }

    /// <summary>Reads a question that a member sent.</summary>
    /// <param name="json">UTF-8.</param>
    /// <returns>The question; null when the text is none. Never throws for any content.</returns>
    public static Question? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, QuestionJson.Default.Question) is { IsWhole: true } question ? question : null;
        }
        // A condition without its kind throws NotSupportedException.
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    // JSON can write null into any list.
    private bool IsWhole =>
        !DataSets.Contains(null!) && !By.Contains(null!)
        && Where.All(condition => condition is not null && condition.Predicates().All(each => each?.Values.Contains(null!) == false));
}

/// <summary>The admitted questions and their outcomes: <c>GET /v1/answers</c>.</summary>
public sealed record AnswerList(IReadOnlyList<AnswerSummary> Answers)
{
    /// <summary>Makes the widest list with the same questions.</summary>
    /// <returns>A list to compute sizes with.</returns>
    public AnswerList ToWidest() => new([.. Answers.Select(answer => answer with { Outcome = AnswerSummary.WidestOutcome })]);
}

/// <summary>An admitted question.</summary>
/// <param name="Asked">Sequence of the question's log entry; <c>GET /v1/answers/ASKED</c> returns the answer.</param>
/// <param name="Member">The member who asked.</param>
/// <param name="Question">The question.</param>
/// <param name="Outcome"><c>answered</c>, or the code of the refusal.</param>
public sealed record AnswerSummary(long Asked, string Member, Question Question, string Outcome)
{
    /// <summary>The outcome of a question that got a result.</summary>
    internal const string Answered = "answered";

    /// <summary>The outcome with the longest text.</summary>
    internal static string WidestOutcome { get; } =
        new[] { Answered, RoomReasons.BelowMinimumAudience.Code }.MaxBy(outcome => outcome.Length)!;
}

/// <summary>Strict source-generated JSON of questions.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(AnswerList))]
public sealed partial class QuestionJson : JsonSerializerContext;
