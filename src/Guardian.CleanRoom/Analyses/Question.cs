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

    /// <summary>All must hold.</summary>
    public IReadOnlyList<Predicate> Where { get; init; } = [];

    /// <summary>For a crosstab, one or two columns, each <c>dataset.column</c>.</summary>
    public IReadOnlyList<string> By { get; init; } = [];
}

/// <summary>A condition on a column.</summary>
/// <param name="Column"><c>dataset.column</c>.</param>
/// <param name="Operator">One of <c>=</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>, <c>in</c>.</param>
/// <param name="Values">One value; for <c>in</c>, at least one.</param>
public sealed record Predicate(string Column, string Operator, IReadOnlyList<string> Values);

/// <summary>Strict source-generated JSON of questions.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Question))]
public sealed partial class QuestionJson : JsonSerializerContext;
