using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Statistics;

/// <summary>Adjusts p-values of several comparisons that are looked at together.</summary>
public static class Corrections
{
    /// <summary>Adjusted p-values in the order of the given ones.</summary>
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
