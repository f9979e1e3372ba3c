namespace Guardian.CleanRoom;

/// <summary>An interval, both ends included.</summary>
public sealed record Interval(double Lower, double Upper);

/// <summary>What an arm showed for an outcome.</summary>
/// <param name="Persons">Persons in the arm.</param>
/// <param name="Sum">Sum of the outcome over them; for a rate, the number of those who did.</param>
/// <param name="SumOfSquares">Sum of its squares; for a rate, the same as <paramref name="Sum"/>.</param>
public sealed record ArmTotal(long Persons, double Sum, double SumOfSquares)
{
    /// <summary>The rate, or the mean per head.</summary>
    public double Mean => Sum / Persons;

    /// <summary>Two arms taken as one.</summary>
    public static ArmTotal operator +(ArmTotal one, ArmTotal other) => Add(one, other);

    /// <summary>Two arms taken as one.</summary>
    public static ArmTotal Add(ArmTotal left, ArmTotal right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new ArmTotal(left.Persons + right.Persons, left.Sum + right.Sum, left.SumOfSquares + right.SumOfSquares);
    }

    // Sample variance, n - 1.
    internal double Variance => Persons < 2 ? 0 : Math.Max(0, (SumOfSquares - (Sum * Sum / Persons)) / (Persons - 1));
}

/// <summary>A treatment arm against control, for one outcome, with 95 % intervals. Null stands where a figure is not defined.</summary>
/// <param name="AbsoluteLift">Difference of the means.</param>
/// <param name="StandardError">Of the difference, unpooled.</param>
/// <param name="AbsoluteInterval">Newcombe's hybrid score interval for rates, Welch's for means.</param>
/// <param name="Z">Test statistic of no difference: pooled for rates, Welch's for means.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="RelativeLift">Ratio of the means less one; null when control's is zero.</param>
/// <param name="RelativeInterval">Katz's log interval for rates, the delta method's for means.</param>
/// <param name="Incremental">What the treatment added in all: difference times persons treated.</param>
public sealed record Comparison(
    double AbsoluteLift,
    double StandardError,
    Interval AbsoluteInterval,
    double? Z,
    double? PValue,
    double? RelativeLift,
    Interval? RelativeInterval,
    double Incremental)
{
    /// <summary>Compares rates: <see cref="ArmTotal.Sum"/> counts those who did.</summary>
    public static Comparison OfRates(ArmTotal treated, ArmTotal control)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var (n1, n0, p1, p0) = ((double)treated.Persons, (double)control.Persons, treated.Mean, control.Mean);
        var difference = p1 - p0;

        // Newcombe (1998), method 10: from Wilson's intervals of the two rates.
        var (one, zero) = (Wilson(p1, n1), Wilson(p0, n0));
        var newcombe = new Interval(
            difference - Math.Sqrt(Square(p1 - one.Lower) + Square(zero.Upper - p0)),
            difference + Math.Sqrt(Square(one.Upper - p1) + Square(p0 - zero.Lower)));

        var pooled = (treated.Sum + control.Sum) / (n1 + n0);
        var z = Ratio(difference, Math.Sqrt(pooled * (1 - pooled) * ((1 / n1) + (1 / n0))));
        return new Comparison(
            difference,
            Math.Sqrt((p1 * (1 - p1) / n1) + (p0 * (1 - p0) / n0)),
            newcombe,
            z,
            z is { } statistic ? Distributions.NormalTwoSided(statistic) : null,
            Ratio(difference, p0),
            treated.Sum > 0 && control.Sum > 0 ? Katz(treated, control) : null,
            difference * n1);
    }

    /// <summary>Compares means per head (Welch, normal quantile).</summary>
    public static Comparison OfMeans(ArmTotal treated, ArmTotal control)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var (mean1, mean0) = (treated.Mean, control.Mean);
        var (square1, square0) = (treated.Variance / treated.Persons, control.Variance / control.Persons);
        var difference = mean1 - mean0;
        var error = Math.Sqrt(square1 + square0);
        var z = Ratio(difference, error);
        Interval? relative = null;
        if (mean0 != 0)
        {
            var relativeError = Math.Sqrt((square1 / Square(mean0)) + (Square(mean1) * square0 / Square(Square(mean0))));
            relative = Around(difference / mean0, relativeError);
        }
        return new Comparison(
            difference, error, Around(difference, error), z, z is { } statistic ? Distributions.NormalTwoSided(statistic) : null,
            Ratio(difference, mean0), relative, difference * treated.Persons);
    }

    /// <summary>Wald's interval of the difference: for those who compare with other tools.</summary>
    public Interval Wald() => Around(AbsoluteLift, StandardError);

    private static Interval Wilson(double p, double n)
    {
        var z = Distributions.Z95;
        var centre = p + (z * z / (2 * n));
        var half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        var scale = 1 + (z * z / n);
        return new Interval((centre - half) / scale, (centre + half) / scale);
    }

    private static Interval Katz(ArmTotal treated, ArmTotal control)
    {
        var log = Math.Log(treated.Mean / control.Mean);
        var half = Distributions.Z95 * Math.Sqrt(((1 - treated.Mean) / treated.Sum) + ((1 - control.Mean) / control.Sum));
        return new Interval(Math.Exp(log - half) - 1, Math.Exp(log + half) - 1);
    }

    private static Interval Around(double centre, double error) => new(centre - (Distributions.Z95 * error), centre + (Distributions.Z95 * error));

    private static double Square(double number) => number * number;

    private static double? Ratio(double numerator, double denominator) => denominator == 0 ? null : numerator / denominator;
}
