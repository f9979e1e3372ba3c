using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Privacy;

/// <summary>The words that describe a set of persons: the data sets that each of them is in, and a condition on their cells.</summary>
/// <param name="DataSets">Each data set with its version, as text.</param>
/// <param name="Columns">The columns of the condition.</param>
/// <param name="Condition">The condition, whose ranges name columns by their index; null for none.</param>
internal sealed record SetTerms(IReadOnlyList<string> DataSets, IReadOnlyList<TermColumn> Columns, CodeCondition? Condition);

/// <summary>A column of one version of a data set.</summary>
/// <param name="Name">Data set, version and column, as text.</param>
/// <param name="LastCode">The greatest code; codes begin with 1, and 0 is an empty cell.</param>
internal sealed record TermColumn(string Name, uint LastCode);
