using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Adds privacy noise to the figures of a lift measurement. All figures that one person is in share the answer's epsilon.
/// </summary>
internal sealed class LiftNoise(DisclosureRules rules, RoomContract contract)
{
    private readonly int parts = contract.Analyses.Lift!.FiguresPerPerson(contract);

    /// <summary>Adds noise to a count.</summary>
    public Noised Count(Int128 count) => rules.Noise(count, 1, parts);

    /// <summary>Adds noise to the totals of an arm.</summary>
    public ArmTotal Total(Column column, MeasureSums sums, Noised persons)
    {
        if (rules.Rules.Epsilon is null)
        {
            return LiftTotals.Of(column, sums, (long)persons.Value);
        }
        var cap = LiftTotals.Reach(column);
        var distances = rules.Noise(sums.Sum, cap, parts);
        var scale = (double)CellText.Power(column.Places);
        // A minimum other than zero shifts the sum by the number of values.
        var count = column.Minimum == 0 ? new Noised(0, 0) : rules.Noise(sums.Count, 1, parts);
        var sum = (double)(distances.Value + (count.Value * column.Minimum)) / scale;
        var sumNoise = (distances.Variance + (count.Variance * column.Minimum * column.Minimum)) / (scale * scale);
        var noised = new ArmTotal((long)persons.Value, sum, sum, persons.Variance, sumNoise);
        return column.Kind == ColumnKind.Flag ? noised : WithVariance(column, sums, noised, distances, (double)cap / scale, scale);
    }

    /// <summary>Adds noise to the covariate of an arm: once, for all outcomes.</summary>
    public CovariateSums Covariate(Column covariate, MeasureSums sums)
    {
        var reach = LiftTotals.Reach(covariate);
        return new CovariateSums(
            rules.Noise(sums.Sum, reach, parts), rules.Noise(sums.SumOfSquares, reach * reach, parts));
    }

    /// <summary>
    /// Adds noise to an outcome and the covariate. The covariate counts as its distance from the minimum, up to the cap, and as zero where
    /// it is empty: CUPED is valid for any function of data known before. Σ(m+d)e = mΣe + Σde, over persons with the outcome.
    /// </summary>
    public CovariateTotal WithCovariate(ArmTotal total, Column outcome, Column covariate, CovariateSums before, ProductSums products)
    {
        var reach = LiftTotals.Reach(covariate);
        var product = rules.Noise(products.Sum, LiftTotals.Reach(outcome) * reach, parts);
        var shared = outcome.Minimum == 0 ? new Noised(0, 0) : rules.Noise(products.SecondSum, reach, parts);
        var scale = (double)CellText.Power(covariate.Places);
        var both = scale * (double)CellText.Power(outcome.Places);
        double minimum = outcome.Minimum;
        return new CovariateTotal(
            total,
            (double)before.Sum.Value / scale,
            (double)before.Squares.Value / (scale * scale),
            (double)(product.Value + (shared.Value * outcome.Minimum)) / both,
            before.Sum.Variance / (scale * scale),
            before.Squares.Variance / Math.Pow(scale, 4),
            (product.Variance + (minimum * minimum * shared.Variance)) / (both * both));
    }

    // Estimates the variance from the noisy sum of squares with caution, but never above the greatest variance of values between minimum
    // and cap at this mean (Bhatia and Davis 2000).
    private ArmTotal WithVariance(Column column, MeasureSums sums, ArmTotal noised, Noised distances, double reach, double scale)
    {
        var squares = rules.Noise(sums.SumOfSquares, LiftTotals.Reach(column) * LiftTotals.Reach(column), parts);
        var n = noised.Persons;
        var least = column.Minimum / scale;
        var mean = Math.Clamp(noised.Mean, Math.Min(least, 0), least + reach);
        // The mean of the distances in the column's units; the noise in their sum affects it too.
        var distance = (double)distances.Value / n;
        var caution = Distributions.OneSidedZ95 * Math.Sqrt(squares.Variance + (4 * distance * distance * distances.Variance));
        var estimate = ((double)squares.Value + caution - (n * distance * distance)) / (scale * scale) / (n - 1);
        var bound = (least + reach - mean) * (mean - Math.Min(least, 0));
        var variance = Math.Min(Math.Max(estimate, 0), Math.Max(bound, 0));
        return noised with { SumOfSquares = (variance * (n - 1)) + (noised.Sum * noised.Sum / n) };
    }
}

/// <summary>Sums of a covariate over an arm: its distances from the minimum, and their squares.</summary>
internal sealed record CovariateSums(Noised Sum, Noised Squares);
