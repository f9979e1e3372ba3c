namespace Guardian.CleanRoom.Statistics;

/// <summary>How p-values of several comparisons are adjusted.</summary>
public enum MultipleTesting
{
    /// <summary>Holm (1979): the chance of any false finding stays below 5 %.</summary>
    Holm,

    /// <summary>Benjamini and Hochberg (1995): 5 % of the findings may be false.</summary>
    BenjaminiHochberg,
}

/// <summary>Adjusts p-values of several comparisons that are judged together.</summary>
internal static class Corrections
{
    /// <summary>Adjusts p-values.</summary>
    /// <returns>The adjusted p-values in the order of the given ones.</returns>
    public static IReadOnlyList<double> Adjust(MultipleTesting correction, IReadOnlyList<double> pValues)
    {
        ArgumentNullException.ThrowIfNull(pValues);
        var order = Enumerable.Range(0, pValues.Count).OrderBy(index => pValues[index]).ToList();
        var adjusted = new double[pValues.Count];
        var count = pValues.Count;
        if (correction == MultipleTesting.Holm)
        {
            // Step down: the least p-value times n, the next times n - 1, never falling.
            var greatest = 0.0;
            for (var rank = 0; rank < count; rank++)
            {
                greatest = Math.Max(greatest, Math.Min(1, pValues[order[rank]] * (count - rank)));
                adjusted[order[rank]] = greatest;
            }
            return adjusted;
        }
        // Step up: the greatest p-value times n/n, the one before times n/(n - 1), never rising.
        var least = 1.0;
        for (var rank = count - 1; rank >= 0; rank--)
        {
            least = Math.Min(least, pValues[order[rank]] * count / (rank + 1));
            adjusted[order[rank]] = least;
        }
        return adjusted;
    }
}
