namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Withholds further cells of a crosstab until nobody can work out a withheld one: neither from the others and a margin, which a question with a filter gives, nor from
/// an answer that was given before.
/// </summary>
/// <param name="columns">Cells in a row; a crosstab by one column is one row.</param>
/// <param name="counts">By cell, as they would be published.</param>
/// <param name="sketches">By cell.</param>
/// <param name="setOf">Makes a set of the sketch of some cells.</param>
/// <param name="isSafe">Whether an answer about a set is safe beside all that were given.</param>
internal sealed class Suppression(
    int minimumAudience, int columns, IReadOnlyList<long> counts, IReadOnlyList<SetSketch> sketches, Func<SetSketch, IReadOnlyList<int>, PersonSet> setOf, Func<PersonSet, bool> isSafe)
{
    /// <summary>Withholds.</summary>
    /// <param name="shown">By cell: what may be shown so far; then, what may be shown.</param>
    /// <returns>The sets that the shown cells are about: each of them, and what they are together by row, by column and in all.</returns>
    public IReadOnlyList<PersonSet> Apply(bool[] shown)
    {
        for (var cell = 0; cell < shown.Length; cell++)
        {
            shown[cell] &= isSafe(Union([cell]));
        }
        var lines = Lines().ToList();
        while (lines.Find(line => !Holds(line, shown)) is { } broken)
        {
            shown[broken.Where(cell => shown[cell]).MinBy(cell => counts[cell])] = false;
        }
        return [
            .. Enumerable.Range(0, shown.Length).Where(cell => shown[cell]).Select(cell => Union([cell])),
            .. lines.Where(line => line.Any(cell => shown[cell])).Select(line => Union([.. line.Where(cell => shown[cell])]))];
    }

    // What is withheld in a line must be at least two cells of together k persons; and what is shown must not, taken together, come close to an earlier answer.
    private bool Holds(IReadOnlyList<int> line, bool[] shown)
    {
        var withheld = line.Where(cell => !shown[cell]).ToList();
        if (withheld.Count == line.Count)
        {
            return true;
        }
        return (withheld.Count == 0 || (withheld.Count > 1 && withheld.Sum(cell => Math.Max(counts[cell], 0)) >= minimumAudience)) && isSafe(Union([.. line.Where(cell => shown[cell])]));
    }

    private PersonSet Union(IReadOnlyList<int> cells) => setOf(cells.Select(cell => sketches[cell]).Aggregate((left, right) => left ^ right), cells);

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
