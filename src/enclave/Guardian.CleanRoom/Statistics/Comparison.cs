namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// A treatment arm against control, for one outcome, with 95 % intervals. A figure is null where it is not defined. Every standard error
/// and every interval includes the privacy noise.
/// </summary>
/// <param name="AbsoluteLift">Difference of the means.</param>
/// <param name="StandardError">Standard error of the difference, unpooled.</param>
/// <param name="AbsoluteInterval">Newcombe's hybrid score interval for rates, Welch's for means.</param>
/// <param name="Z">Test statistic of no difference: pooled for rates, Welch's for means.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="RelativeLift">Ratio of the means less one; null when control's is zero.</param>
/// <param name="RelativeInterval">Katz's log interval for rates, the delta method's for means.</param>
/// <param name="Incremental">The total effect of the treatment: the difference times the persons treated; for a ratio, times the total of
/// their denominators.</param>
/// <param name="NoiseError">
/// The part of <paramref name="StandardError"/> that privacy noise makes; null for exact figures. The squares of both parts add up.
/// </param>
public sealed record Comparison(
    double AbsoluteLift,
    double StandardError,
    Interval AbsoluteInterval,
    double? Z,
    double? PValue,
    double? RelativeLift,
    Interval? RelativeInterval,
    double Incremental,
    double? NoiseError = null)
{
    /// <summary>The variance of the privacy noise alone, without the caution that it makes necessary.</summary>
    internal double PureNoise { get; init; }

    /// <summary>Compares rates: <see cref="ArmTotal.Sum"/> counts the persons with the flag.</summary>
    internal static Comparison OfRates(ArmTotal treated, ArmTotal control, double level = Distributions.Level)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        (treated, control) = (treated.AsRate(), control.AsRate());
        var (n1, n0, p1, p0) = ((double)treated.Persons, (double)control.Persons, treated.Mean, control.Mean);
        var difference = p1 - p0;
        var noise = treated.MeanNoise + control.MeanNoise;

        // Newcombe (1998), method 10: from Wilson's intervals of the two rates.
        var error = Math.Sqrt((p1 * (1 - p1) / n1) + (p0 * (1 - p0) / n0) + noise);
        var quantile = NoiseMixture.Quantile(level, Share(noise, error * error));
        var (one, zero) = (Wilson(treated, quantile), Wilson(control, quantile));
        var newcombe = new Interval(
            difference - Math.Sqrt(Square(p1 - one.Lower) + Square(zero.Upper - p0)),
            difference + Math.Sqrt(Square(one.Upper - p1) + Square(p0 - zero.Lower)));

        var pooled = (treated.Sum + control.Sum) / (n1 + n0);
        var underNone = (pooled * (1 - pooled) * ((1 / n1) + (1 / n0))) + noise;
        var z = Ratio(difference, Math.Sqrt(underNone));
        return new Comparison(
            difference,
            error,
            newcombe,
            z,
            z is { } statistic ? NoiseMixture.TwoSided(statistic, Share(noise, underNone)) : null,
            Ratio(difference, p0),
            treated.Sum > 0 && control.Sum > 0 ? Katz(treated, control, quantile) : null,
            difference * n1,
            noise == 0 ? null : Math.Sqrt(noise)) { PureNoise = noise };
    }

    /// <summary>Compares means per head (Welch, normal quantile).</summary>
    internal static Comparison OfMeans(ArmTotal treated, ArmTotal control, double level = Distributions.Level)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var clusters = treated.Clusters is null || control.Clusters is null ? null : ClusterError.Of(treated, control);
        return OfEstimates(
            new Estimate(treated.Mean, clusters?.Treated ?? (treated.Variance / treated.Persons), treated.MeanNoise),
            new Estimate(control.Mean, clusters?.Control ?? (control.Variance / control.Persons), control.MeanNoise),
            treated.Persons, clusters?.Caution ?? ((treated.Caution / treated.Persons) + (control.Caution / control.Persons)),
            clusters?.Degrees, level);
    }

    /// <summary>Compares two independent estimates.</summary>
    /// <param name="treated">The treatment arm's.</param>
    /// <param name="control">Control's.</param>
    /// <param name="units">The persons of the treatment arm, or the total by which its ratio divides.</param>
    /// <param name="caution">The part of both squared errors that is there because noise hides the true variance.</param>
    /// <param name="degrees">Degrees of freedom of the error; null for many.</param>
    /// <param name="level">The chance that an interval leaves out the truth.</param>
    internal static Comparison OfEstimates(
        Estimate treated, Estimate control, double units, double caution, double? degrees, double level)
    {
        var (square1, square0) = (treated.Square + treated.Noise, control.Square + control.Noise);
        var difference = treated.Value - control.Value;
        var error = Math.Sqrt(square1 + square0);
        var noise = treated.Noise + control.Noise;
        var quantile = Quantile(level, Share(noise, error * error), degrees);
        return OfDifference(difference, error, units, noise, caution, degrees, level) with
        {
            RelativeLift = Ratio(difference, control.Value),
            RelativeInterval = control.Value == 0 ? null : Delta(treated.Value, square1, control.Value, square0, quantile),
        };
    }

    /// <summary>A difference of means and its standard error, without relative figures.</summary>
    /// <param name="difference">The difference.</param>
    /// <param name="error">Its standard error.</param>
    /// <param name="treated">Persons in the treatment arm, or the total by which its ratio divides.</param>
    /// <param name="noise">Variance of the privacy noise in the difference.</param>
    /// <param name="caution">The part of the squared error that is there because noise hides the true variance.</param>
    /// <param name="degrees">Degrees of freedom of the error; null for many.</param>
    /// <param name="level">The chance that the interval leaves out the difference.</param>
    internal static Comparison OfDifference(
        double difference, double error, double treated, double noise = 0, double caution = 0, double? degrees = null,
        double level = Distributions.Level)
    {
        var share = Share(noise, error * error);
        var z = Ratio(difference, error);
        return new Comparison(
            difference, error, Around(difference, error, Quantile(level, share, degrees)), z,
            z is { } statistic ? TwoSided(statistic, share, degrees) : null, null, null, difference * treated,
            noise + caution == 0 ? null : Math.Sqrt(noise + caution)) { PureNoise = noise };
    }

    /// <summary>
    /// The delta method's interval of a relative difference of rates, for comparison with other tools; null when control's rate is zero.
    /// </summary>
    internal static Interval? DeltaOfRates(ArmTotal treated, ArmTotal control)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var (p1, p0) = (treated.Mean, control.Mean);
        if (p0 == 0)
        {
            return null;
        }
        var square1 = (p1 * (1 - p1) / treated.Persons) + treated.MeanNoise;
        var square0 = (p0 * (1 - p0) / control.Persons) + control.MeanNoise;
        return Delta(p1, square1, p0, square0, Distributions.Z95);
    }

    /// <summary>An interval by its squared standard error and the variance of the privacy noise in it.</summary>
    internal static Interval AroundWith(double centre, double square, double noise, double? degrees, double level) =>
        Around(centre, Math.Sqrt(square), Quantile(level, Share(noise, square), degrees));

    /// <summary>Wald's interval of the difference, for comparison with other tools.</summary>
    internal Interval Wald() => Around(AbsoluteLift, StandardError, Distributions.Z95);

    // With few clusters the error is itself uncertain: a t statistic counts as the normal one with the same tail.
    private static double Quantile(double level, double noiseShare, double? degrees) => degrees is { } few
        ? NoiseMixture.Quantile(level, noiseShare) * Distributions.StudentQuantile(level, few)
            / Distributions.NormalQuantile(1 - (level / 2))
        : NoiseMixture.Quantile(level, noiseShare);

    private static double TwoSided(double statistic, double noiseShare, double? degrees)
    {
        if (degrees is not { } few)
        {
            return NoiseMixture.TwoSided(statistic, noiseShare);
        }
        var tail = Distributions.StudentTwoSided(statistic, few);
        return noiseShare <= 0
            ? tail
            : NoiseMixture.TwoSided(tail > 0 ? Distributions.NormalQuantile(1 - (tail / 2)) : statistic, noiseShare);
    }

    // An arm with noise tells as much as a smaller arm without: n is scaled by the variance without noise over the variance with it.
    private static Interval Wilson(ArmTotal arm, double z)
    {
        var p = arm.Mean;
        var smoothed = (arm.Sum + 1) / (arm.Persons + 2.0);
        var variance = smoothed * (1 - smoothed) / arm.Persons;
        var n = arm.Persons * variance / (variance + arm.MeanNoise);
        var centre = p + (z * z / (2 * n));
        var half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        var scale = 1 + (z * z / n);
        return new Interval((centre - half) / scale, (centre + half) / scale);
    }

    private static Interval Katz(ArmTotal treated, ArmTotal control, double quantile)
    {
        var log = Math.Log(treated.Mean / control.Mean);
        var half = quantile * Math.Sqrt(LogVariance(treated) + LogVariance(control));
        return new Interval(Math.Exp(log - half) - 1, Math.Exp(log + half) - 1);
    }

    private static double LogVariance(ArmTotal arm) => ((1 - arm.Mean) / arm.Sum) + (arm.MeanNoise / Square(arm.Mean));

    private static Interval Delta(double mean1, double square1, double mean0, double square0, double quantile) => Around(
        (mean1 / mean0) - 1, Math.Sqrt((square1 / Square(mean0)) + (Square(mean1) * square0 / Square(Square(mean0)))), quantile);

    private static Interval Around(double centre, double error, double quantile) =>
        new(centre - (quantile * error), centre + (quantile * error));

    private static double Share(double noise, double square) => noise <= 0 ? 0 : Math.Min(noise / square, 1);

    private static double Square(double number) => number * number;

    private static double? Ratio(double numerator, double denominator) => denominator == 0 ? null : numerator / denominator;
}
