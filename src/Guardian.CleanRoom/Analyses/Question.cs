using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom;

/// <summary>What may be asked.</summary>
public enum QuestionKind
{
    /// <summary>How many persons are in both data sets and satisfy the filters.</summary>
    Overlap,

    /// <summary>The same, by the values of one or two columns.</summary>
    Crosstab,

    /// <summary>What the campaign did, as the contract designed it.</summary>
    Lift,
}

/// <summary>A question to a room.</summary>
public sealed record Question
{
    /// <summary>What is asked.</summary>
    public required QuestionKind Kind { get; init; }

    /// <summary>All must hold. Each is about columns of one data set; conditions on different data sets are joined by "and" alone.</summary>
    public IReadOnlyList<Condition> Where { get; init; } = [];

    /// <summary>For a crosstab, one or two columns, each <c>dataset.column</c>.</summary>
    public IReadOnlyList<string> By { get; init; } = [];
}

/// <summary>Strict source-generated JSON of questions.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Question))]
public sealed partial class QuestionJson : JsonSerializerContext;
