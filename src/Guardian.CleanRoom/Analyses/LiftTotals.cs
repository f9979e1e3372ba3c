namespace Guardian.CleanRoom;

/// <summary>Adds privacy noise to the figures of a lift measurement. All figures that one person is in share the answer's epsilon.</summary>
internal sealed class LiftNoise(DisclosureRules rules, IReadOnlyList<Column> outcomes, bool hasExposure, bool countsMatched)
{
    // One-sided 95 %: by how much a noisy variance is raised, so that intervals are rather too wide than too narrow.
    private const double Caution = 1.645;

    private readonly int parts = 1 + (hasExposure ? 1 : 0) + (countsMatched ? 1 : 0) + outcomes.Sum(FiguresOf);

    /// <summary>A count as it may be published.</summary>
    public Noised Count(Int128 count) => rules.Noise(count, 1, parts);

    /// <summary>What an arm showed, as it may be published.</summary>
    public ArmTotal Total(Column column, MeasureSums sums, Noised persons)
    {
        var exact = LiftTotals.Of(column, sums, (long)persons.Value);
        if (rules.Rules.Epsilon is null)
        {
            return exact;
        }
        var cap = LiftTotals.Reach(column);
        var sum = rules.Noise(sums.Sum, cap, parts);
        var scale = (double)CellText.Power(column.Places);
        // A minimum other than zero moves the sum by the number of values.
        var count = column.Minimum == 0 ? new Noised(0, 0) : rules.Noise(sums.Count, 1, parts);
        var noised = exact with
        {
            Sum = (double)(sum.Value + (count.Value * column.Minimum)) / scale,
            PersonsNoise = persons.Variance,
            SumNoise = (sum.Variance + (count.Variance * column.Minimum * column.Minimum)) / (scale * scale),
        };
        return column.Kind == ColumnKind.Flag ? noised : WithVariance(column, sums, noised, (double)cap / scale, scale);
    }

    // The variance from the noisy sum of squares, cautiously; but never more than values between minimum and cap can have at this mean (Bhatia and Davis 2000).
    private ArmTotal WithVariance(Column column, MeasureSums sums, ArmTotal noised, double reach, double scale)
    {
        var squares = rules.Noise(sums.SumOfSquares, LiftTotals.Reach(column) * LiftTotals.Reach(column), parts);
        var n = noised.Persons;
        var least = column.Minimum / scale;
        var mean = Math.Clamp(noised.Mean, Math.Min(least, 0), least + reach);
        var distance = (double)sums.Sum / scale / n;
        var estimate = ((((double)squares.Value + (Caution * Math.Sqrt(squares.Variance))) / (scale * scale)) - (n * distance * distance)) / (n - 1);
        var bound = (least + reach - mean) * (mean - Math.Min(least, 0));
        var variance = Math.Min(Math.Max(estimate, 0), Math.Max(bound, 0));
        return noised with { SumOfSquares = (variance * (n - 1)) + (noised.Sum * noised.Sum / n) };
    }

    // A rate is one count; a mean needs its sum and its sum of squares, and where the minimum is not zero, the number of values.
    private static int FiguresOf(Column column) => column.Kind == ColumnKind.Flag ? 1 : column.Minimum == 0 ? 2 : 3;
}

/// <summary>Turns the engine's sums, which are of distances from a column's minimum, into totals of values.</summary>
internal static class LiftTotals
{
    /// <summary>The greatest distance from the minimum that counts.</summary>
    public static Int128 Reach(Column column) => column.GreatestInSum - column.Minimum;

    /// <summary>Totals of an outcome. Σ(m+d) = nm + Σd, Σ(m+d)² = nm² + 2mΣd + Σd²; an empty cell counts as zero.</summary>
    public static ArmTotal Of(Column column, MeasureSums sums, long persons)
    {
        Int128 minimum = column.Minimum;
        var scale = (double)CellText.Power(column.Places);
        return new ArmTotal(
            persons,
            (double)((sums.Count * minimum) + sums.Sum) / scale,
            (double)((sums.Count * minimum * minimum) + (2 * minimum * sums.Sum) + sums.SumOfSquares) / (scale * scale));
    }

    /// <summary>Totals of an outcome and a covariate. Σ(m+d)(p+e) = nmp + mΣe + pΣd + Σde over those who have both.</summary>
    public static CovariateTotal WithCovariate(ArmTotal total, Column outcome, Column covariate, MeasureSums sums, ProductSums products)
    {
        var before = Of(covariate, sums, total.Persons);
        Int128 m = outcome.Minimum, p = covariate.Minimum;
        var scale = (double)CellText.Power(outcome.Places) * (double)CellText.Power(covariate.Places);
        var product = (double)((products.Count * m * p) + (m * products.SecondSum) + (p * products.FirstSum) + products.Sum) / scale;
        return new CovariateTotal(total, before.Sum, before.SumOfSquares, product);
    }
}
