using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// A condition on columns: a tree of comparisons. An empty cell satisfies no comparison and no negation of one.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Predicate), "predicate")]
[JsonDerivedType(typeof(AllOf), "all")]
[JsonDerivedType(typeof(AnyOf), "any")]
[JsonDerivedType(typeof(NotOf), "not")]
public abstract record Condition
{
    /// <summary>The comparisons in it, from left to right.</summary>
    public IEnumerable<Predicate> Predicates() => this switch
    {
        Predicate predicate => [predicate],
        AllOf all => all.Conditions.SelectMany(part => part?.Predicates() ?? [null!]),
        AnyOf any => any.Conditions.SelectMany(part => part?.Predicates() ?? [null!]),
        NotOf not => not.Condition.Predicates(),
        _ => [],
    };
}

/// <summary>A comparison of a column with values.</summary>
/// <param name="Column"><c>dataset.column</c>.</param>
/// <param name="Operator">One of <c>=</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>, <c>in</c>,
/// <c>between</c>.</param>
/// <param name="Values">One value; for <c>between</c> two, both included; for <c>in</c> at least one.</param>
public sealed record Predicate(string Column, string Operator, IReadOnlyList<string> Values) : Condition
{
    /// <returns>The comparison as people write it.</returns>
    public override string ToString() =>
        $"{Column} {Operator} {string.Join(Operator == "between" ? " and " : ", ", Values.Select(Quoted))}";

    private static string Quoted(string value) =>
        value.Length > 0 && value.All(character => char.IsLetterOrDigit(character) || character is '-' or '.' or '_' or ' ')
        && !ConditionText.IsWord(value)
            ? value
            : $"\"{value}\"";
}

/// <summary>True where all conditions are true.</summary>
public sealed record AllOf(IReadOnlyList<Condition> Conditions) : Condition
{
    /// <returns>The condition as people write it.</returns>
    public override string ToString() => $"({string.Join(" and ", Conditions)})";
}

/// <summary>True where any condition is true.</summary>
public sealed record AnyOf(IReadOnlyList<Condition> Conditions) : Condition
{
    /// <returns>The condition as people write it.</returns>
    public override string ToString() => $"({string.Join(" or ", Conditions)})";
}

/// <summary>True where the condition is certainly false: never for an empty cell.</summary>
public sealed record NotOf(Condition Condition) : Condition
{
    /// <returns>The condition as people write it.</returns>
    public override string ToString() => $"not {Condition}";
}
