using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Adds privacy noise to the figures of a lift measurement. All figures that one person is in share the answer's epsilon.</summary>
internal sealed class LiftNoise(DisclosureRules rules, RoomContract contract)
{
    private readonly int parts = contract.Analyses.Lift!.FiguresPerPerson(contract);

    /// <summary>A count as it may be published.</summary>
    public Noised Count(Int128 count) => rules.Noise(count, 1, parts);

    /// <summary>What an arm showed, as it may be published.</summary>
    public ArmTotal Total(Column column, MeasureSums sums, Noised persons)
    {
        if (rules.Rules.Epsilon is null)
        {
            return LiftTotals.Of(column, sums, (long)persons.Value);
        }
        var cap = LiftTotals.Reach(column);
        var distances = rules.Noise(sums.Sum, cap, parts);
        var scale = (double)CellText.Power(column.Places);
        // A minimum other than zero moves the sum by the number of values.
        var count = column.Minimum == 0 ? new Noised(0, 0) : rules.Noise(sums.Count, 1, parts);
        var sum = (double)(distances.Value + (count.Value * column.Minimum)) / scale;
        var noised = new ArmTotal(
            (long)persons.Value, sum, sum, persons.Variance, (distances.Variance + (count.Variance * column.Minimum * column.Minimum)) / (scale * scale));
        return column.Kind == ColumnKind.Flag ? noised : WithVariance(column, sums, noised, distances, (double)cap / scale, scale);
    }

    /// <summary>The covariate of an arm, as it may be published: drawn once, for all outcomes.</summary>
    public CovariateSums Covariate(Column covariate, MeasureSums sums)
    {
        var reach = LiftTotals.Reach(covariate);
        return new CovariateSums(rules.Noise(sums.Sum, reach, parts), rules.Noise(sums.SumOfSquares, reach * reach, parts));
    }

    /// <summary>
    /// An outcome and the covariate, as they may be published. The covariate counts as its distance from the minimum, up to the cap, and as zero where it is empty: CUPED is the same for any
    /// function of what was known before. Σ(m+d)e = mΣe + Σde, over those who have the outcome.
    /// </summary>
    public CovariateTotal WithCovariate(ArmTotal total, Column outcome, Column covariate, CovariateSums before, ProductSums products)
    {
        var reach = LiftTotals.Reach(covariate);
        var product = rules.Noise(products.Sum, LiftTotals.Reach(outcome) * reach, parts);
        var shared = outcome.Minimum == 0 ? new Noised(0, 0) : rules.Noise(products.SecondSum, reach, parts);
        double scale = (double)CellText.Power(covariate.Places), both = scale * (double)CellText.Power(outcome.Places), minimum = outcome.Minimum;
        return new CovariateTotal(
            total, (double)before.Sum.Value / scale, (double)before.Squares.Value / (scale * scale), (double)(product.Value + (shared.Value * outcome.Minimum)) / both,
            before.Sum.Variance / (scale * scale), before.Squares.Variance / Math.Pow(scale, 4), (product.Variance + (minimum * minimum * shared.Variance)) / (both * both));
    }

    // The variance from the noisy sum of squares, cautiously; but never more than values between minimum and cap can have at this mean (Bhatia and Davis 2000).
    private ArmTotal WithVariance(Column column, MeasureSums sums, ArmTotal noised, Noised distances, double reach, double scale)
    {
        var squares = rules.Noise(sums.SumOfSquares, LiftTotals.Reach(column) * LiftTotals.Reach(column), parts);
        var n = noised.Persons;
        var least = column.Minimum / scale;
        var mean = Math.Clamp(noised.Mean, Math.Min(least, 0), least + reach);
        // Of the distances, in the column's own units; the noise in their sum moves it too.
        var distance = (double)distances.Value / n;
        var caution = Distributions.OneSidedZ95 * Math.Sqrt(squares.Variance + (4 * distance * distance * distances.Variance));
        var estimate = ((double)squares.Value + caution - (n * distance * distance)) / (scale * scale) / (n - 1);
        var bound = (least + reach - mean) * (mean - Math.Min(least, 0));
        var variance = Math.Min(Math.Max(estimate, 0), Math.Max(bound, 0));
        return noised with { SumOfSquares = (variance * (n - 1)) + (noised.Sum * noised.Sum / n) };
    }
}

/// <summary>Sums of a covariate over an arm: of its distances from the minimum, and of their squares.</summary>
internal sealed record CovariateSums(Noised Sum, Noised Squares);
