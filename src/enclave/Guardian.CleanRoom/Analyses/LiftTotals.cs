using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Converts the engine's sums of distances from a column's minimum into totals of values.</summary>
internal static class LiftTotals
{
    /// <summary>Computes the greatest distance from the minimum that counts.</summary>
    public static Int128 Reach(Column column) => column.GreatestInSum - column.Minimum;

    /// <summary>Computes totals of an outcome. Σ(m+d) = nm + Σd, Σ(m+d)² = nm² + 2mΣd + Σd²; an empty cell counts as zero.</summary>
    public static ArmTotal Of(Column column, MeasureSums sums, long persons)
    {
        Int128 minimum = column.Minimum;
        var scale = (double)CellText.Power(column.Places);
        return new ArmTotal(
            persons,
            (double)((sums.Count * minimum) + sums.Sum) / scale,
            (double)((sums.Count * minimum * minimum) + (2 * minimum * sums.Sum) + sums.SumOfSquares) / (scale * scale));
    }
}
