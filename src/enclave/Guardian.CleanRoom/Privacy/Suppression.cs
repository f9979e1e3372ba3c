using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Withholds further cells of a crosstab until nobody can compute a withheld one: neither from the other cells and a margin, which a
/// question with a filter shows, nor from an earlier answer.
/// </summary>
/// <param name="minimumAudience">k of the contract.</param>
/// <param name="columns">Cells in a row; a crosstab by one column is one row.</param>
/// <param name="counts">Counts by cell, as they would be published.</param>
/// <param name="sketches">Sketches by cell.</param>
/// <param name="setOf">Makes a set from the sketch of some cells.</param>
/// <param name="accept">Tests whether an answer about a set is safe together with all earlier answers and the sets accepted before, if no
/// other rule withholds it.</param>
/// <param name="isSafe">Tests whether a set differs enough from that of each earlier answer.</param>
internal sealed class Suppression(
    int minimumAudience, int columns, IReadOnlyList<long> counts, IReadOnlyList<SetSketch> sketches,
    Func<SetSketch, IReadOnlyList<int>, PersonSet> setOf, Func<PersonSet, bool, bool> accept, Func<PersonSet, bool> isSafe)
{
    /// <summary>Withholds cells.</summary>
    /// <param name="shown">For each cell whether it may be shown; on return, whether it is shown.</param>
    /// <returns>The sets that the shown cells describe: each cell, and the union of the shown cells of each row, each column and
    /// all.</returns>
    public IReadOnlyList<PersonSet> SuppressCells(bool[] shown)
    {
        // If cells tell too much together, the smallest of them is withheld: it comes last.
        foreach (var cell in Enumerable.Range(0, shown.Length).OrderByDescending(cell => counts[cell]))
        {
            shown[cell] = accept(Union([cell]), shown[cell]);
        }
        var lines = Lines().ToList();
        while (lines.Find(line => !IsAllowed(line, shown)) is { } broken)
        {
            shown[broken.Where(cell => shown[cell]).MinBy(cell => counts[cell])] = false;
        }
        return
        [
            .. Enumerable.Range(0, shown.Length).Where(cell => shown[cell]).Select(cell => Union([cell])),
            .. lines.Where(line => line.Any(cell => shown[cell])).Select(line => Union([.. line.Where(cell => shown[cell])])),
        ];
    }

    /// <summary>Computes the most sets that <see cref="SuppressCells"/> returns.</summary>
    /// <param name="cells">Cells in all.</param>
    /// <param name="columns">Cells in a row.</param>
    public static int CountSets(int cells, int columns) => cells + 1 + (cells > columns ? (cells / columns) + columns : 0);

    // The withheld cells of a line must be at least two, with at least k persons together. The union of its shown cells must not be nearly
    // the set of an earlier answer.
    private bool IsAllowed(IReadOnlyList<int> line, bool[] shown)
    {
        var withheld = line.Where(cell => !shown[cell]).ToList();
        if (withheld.Count == line.Count)
        {
            return true;
        }
        var hidesEach = withheld.Count == 0
            || (withheld.Count > 1 && withheld.Sum(cell => Math.Max(counts[cell], 0)) >= minimumAudience);
        return hidesEach && isSafe(Union([.. line.Where(cell => shown[cell])]));
    }

    private PersonSet Union(IReadOnlyList<int> cells) =>
        setOf(cells.Select(cell => sketches[cell]).Aggregate((left, right) => left ^ right), cells);

    private IEnumerable<IReadOnlyList<int>> Lines()
    {
        var rows = counts.Count / columns;
        yield return [.. Enumerable.Range(0, counts.Count)];
        if (rows > 1)
        {
            for (var row = 0; row < rows; row++)
            {
                yield return [.. Enumerable.Range(row * columns, columns)];
            }
            for (var column = 0; column < columns; column++)
            {
                yield return [.. Enumerable.Range(0, rows).Select(row => (row * columns) + column)];
            }
        }
    }
}
