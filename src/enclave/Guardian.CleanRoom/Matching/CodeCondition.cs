using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// A condition on rows as the engine evaluates it: ranges of codes joined by "and" and "or". There is no "not", because the compiler
/// pushes it down to the ranges, and no range contains code 0, the empty cell. So a row counts only when the condition is certainly true,
/// as in SQL.
/// </summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(CodeRanges), "ranges")]
[JsonDerivedType(typeof(CodeAll), "all")]
[JsonDerivedType(typeof(CodeAny), "any")]
internal abstract record CodeCondition
{
    /// <summary>The ranges in it, from left to right.</summary>
    public IEnumerable<CodeRanges> Leaves() => this switch
    {
        CodeRanges ranges => [ranges],
        CodeAll all => all.Parts.SelectMany(part => part.Leaves()),
        CodeAny any => any.Parts.SelectMany(part => part.Leaves()),
        _ => [],
    };
}

/// <summary>A comparison of one column: true where its code is in one of the ranges.</summary>
/// <param name="Column">Index of the column in its data set, or in <see cref="AcrossCondition.Columns"/>.</param>
/// <param name="Ranges">First and last code of each range; without ranges it is true nowhere.</param>
internal sealed record CodeRanges(int Column, IReadOnlyList<(uint First, uint Last)> Ranges) : CodeCondition;

/// <summary>True where all parts are true; at least one part.</summary>
internal sealed record CodeAll(IReadOnlyList<CodeCondition> Parts) : CodeCondition;

/// <summary>True where any part is true; at least one part.</summary>
internal sealed record CodeAny(IReadOnlyList<CodeCondition> Parts) : CodeCondition;

/// <summary>A condition on matched persons, over columns of several sides.</summary>
/// <param name="Columns">The columns of the condition; their codes move with the elements.</param>
/// <param name="Condition">The condition; its ranges name columns by their index in <paramref name="Columns"/>.</param>
internal sealed record AcrossCondition(IReadOnlyList<Measure> Columns, CodeCondition Condition);
