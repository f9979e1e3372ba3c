namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Turns the values of one person into that person's part of each figure. It gets every place of the merged data sets, whether a person is
/// there or not, and works in the same way for all of them. Thread-safe.
/// </summary>
internal interface IContributions
{
    /// <summary>The number of figures.</summary>
    int Count { get; }

    /// <summary>Adds a person's parts.</summary>
    /// <param name="codes">The code of each column: 0 for an empty cell.</param>
    /// <param name="mask">All ones for a person, or 0 for a place without one, whose parts do not count.</param>
    /// <param name="totals">The figures.</param>
    void Add(ReadOnlySpan<ulong> codes, long mask, Span<long> totals);
}
