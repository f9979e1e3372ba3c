namespace Guardian.CleanRoom;

/// <summary>A predicate on a column, as ranges of codes any of which satisfies it. Code 0, the empty cell, is in none.</summary>
/// <param name="Column">Index of the column in its data set.</param>
/// <param name="Ranges">First and last code of each range.</param>
internal sealed record CodeRanges(int Column, IReadOnlyList<(uint First, uint Last)> Ranges);
