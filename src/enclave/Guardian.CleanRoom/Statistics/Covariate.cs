namespace Guardian.CleanRoom.Statistics;

/// <summary>The totals of an arm for an outcome and a covariate known before assignment.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Sum">Sum of the covariate.</param>
/// <param name="SumOfSquares">Sum of its squares.</param>
/// <param name="SumOfProducts">Sum of outcome times covariate.</param>
/// <param name="SumNoise">Variance of the privacy noise in <paramref name="Sum"/>.</param>
/// <param name="SquaresNoise">The same for <paramref name="SumOfSquares"/>.</param>
/// <param name="ProductsNoise">The same for <paramref name="SumOfProducts"/>.</param>
internal sealed record CovariateTotal(
    ArmTotal Outcome, double Sum, double SumOfSquares, double SumOfProducts,
    double SumNoise = 0, double SquaresNoise = 0, double ProductsNoise = 0)
{
    /// <summary>The covariate's sums over the clusters of the outcome, in their order; null when each person was assigned alone.</summary>
    public IReadOnlyList<CovariateOfCluster>? Clusters { get; init; }

    internal double Mean => Sum / Outcome.Persons;

    /// <summary>Joins two arms to one.</summary>
    public static CovariateTotal operator +(CovariateTotal left, CovariateTotal right) => Add(left, right);

    /// <summary>Joins two arms to one.</summary>
    public static CovariateTotal Add(CovariateTotal left, CovariateTotal right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new CovariateTotal(
            left.Outcome + right.Outcome, left.Sum + right.Sum,
            left.SumOfSquares + right.SumOfSquares, left.SumOfProducts + right.SumOfProducts,
            left.SumNoise + right.SumNoise, left.SquaresNoise + right.SquaresNoise, left.ProductsNoise + right.ProductsNoise)
        {
            Clusters = left.Clusters is null || right.Clusters is null ? null : [.. left.Clusters, .. right.Clusters],
        };
    }

    /// <summary>The covariate's variance; with noise, an upper estimate.</summary>
    internal double Variance => (Math.Max(SumOfSquares - (Sum * Mean), 0) / (Outcome.Persons - 1)) + VarianceCaution;

    private double VarianceCaution =>
        Caution(SquaresNoise + (4 * Mean * Mean * SumNoise) + (Math.Pow(Mean, 4) * Outcome.PersonsNoise));

    internal double Covariance => (SumOfProducts - (Sum * Outcome.Mean)) / (Outcome.Persons - 1);

    // The amount by which noise may have moved the covariance.
    internal double CovarianceCaution => Caution(
        ProductsNoise + (Mean * Mean * Outcome.SumNoise) + (Outcome.Mean * Outcome.Mean * SumNoise)
        + (Mean * Mean * Outcome.Mean * Outcome.Mean * Outcome.PersonsNoise));

    // The variance of Y - theta·X; with noise, an upper estimate.
    internal double VarianceWithout(double theta) =>
        Math.Max(Outcome.Variance + (theta * theta * Variance) - (2 * theta * Covariance) + (2 * Math.Abs(theta) * CovarianceCaution), 0);

    // The part of that which is there because noise hides the true figures.
    internal double CautionWithout(double theta) =>
        Outcome.Caution + (theta * theta * VarianceCaution) + (2 * Math.Abs(theta) * CovarianceCaution);

    // The squared error of the mean of Y - theta·X by sampling, and the part of it that is caution.
    internal ClusterSquare ErrorWithout(double theta) => Clusters is null
        ? new ClusterSquare(0, VarianceWithout(theta) / Outcome.Persons, CautionWithout(theta) / Outcome.Persons)
        : ClusterError.Sum(Residuals(theta), Outcome.Persons);

    private IEnumerable<ClusterResidual> Residuals(double theta)
    {
        var mean = Outcome.Mean - (theta * Mean);
        return Outcome.Clusters!.Zip(Clusters!, (cluster, covariate) => new ClusterResidual(
            cluster.Sum - (theta * covariate.Sum) - (mean * cluster.Persons),
            cluster.SumNoise + (theta * theta * covariate.Noise) + (mean * mean * cluster.PersonsNoise), cluster.IsCounted));
    }

    private double Caution(double noise) => Distributions.OneSidedZ95 * Math.Sqrt(noise) / (Outcome.Persons - 1);
}

/// <summary>The covariate's total of a cluster.</summary>
/// <param name="Sum">The sum.</param>
/// <param name="Noise">Variance of the privacy noise in it.</param>
internal readonly record struct CovariateOfCluster(double Sum, double Noise = 0);

/// <summary>
/// CUPED (Deng, Xu, Kohavi, Walker 2013): the difference of the means of Y - theta·X. Its variance is smaller by the square of the
/// correlation. It is unbiased for any theta, because X was known before anyone was assigned.
/// </summary>
/// <param name="Theta">
/// Covariance of outcome and covariate over the covariate's variance, over both arms taken as one. With privacy noise it shrinks towards
/// zero: by the amount that noise may have added to the covariance, and by the cost of the noise in the covariate's means.
/// </param>
/// <param name="Result">The adjusted difference, and the ratio of the adjusted means where both are greater than zero.</param>
/// <param name="VarianceReduction">Share of the variance that the covariate explains, 0 to 1; with noise, a lower estimate.</param>
public sealed record CupedComparison(double Theta, Comparison Result, double VarianceReduction)
{
    /// <summary>Compares two arms.</summary>
    /// <returns>Null when the covariate does not vary, or when noise hides what it would explain.</returns>
    internal static CupedComparison? Of(CovariateTotal treated, CovariateTotal control, double level = Distributions.Level)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var both = treated + control;
        if (treated.Outcome.Persons < 2 || control.Outcome.Persons < 2 || !(both.Variance > 0))
        {
            return null;
        }
        // The cost of theta² by the noise in the covariate's means, as if it were variance of each person's value.
        var persons = (1.0 / treated.Outcome.Persons) + (1.0 / control.Outcome.Persons);
        var noise = (SumNoiseOfMean(treated) + SumNoiseOfMean(control)) / persons;
        var theta = Math.Sign(both.Covariance) * Math.Max(Math.Abs(both.Covariance) - both.CovarianceCaution, 0) / (both.Variance + noise);
        if (theta == 0)
        {
            return null;
        }
        var difference = treated.Outcome.Mean - control.Outcome.Mean - (theta * (treated.Mean - control.Mean));
        var noiseOfMean = Noise(treated, theta) + Noise(control, theta);
        var (one, other, caution, degrees) = Errors(treated, theta, control, theta);
        var sampling = one + other;
        var result = Comparison.OfDifference(
            difference, Math.Sqrt(sampling + noiseOfMean), treated.Outcome.Persons, noiseOfMean, Math.Min(caution, sampling), degrees,
            level);
        result = WithRelative(result, treated, control, theta, level);
        var (plain1, plain0, _, _) = Errors(treated, 0, control, 0);
        var plain = both.Clusters is null ? both.Outcome.Variance : plain1 + plain0;
        var narrowed = both.Clusters is null ? both.VarianceWithout(theta) : sampling;
        return new CupedComparison(theta, result, plain > 0 ? Math.Clamp(1 - (narrowed / plain), 0, 1) : 0);
    }

    // The ratio of the adjusted means, Y - theta (X - mean of X in both arms). The mean of X in both arms is common to both, so each arm's
    // covariate weighs in both adjusted means: the delta method over the four means, and not over the two adjusted ones, which are
    // correlated.
    private static Comparison WithRelative(
        Comparison result, CovariateTotal treated, CovariateTotal control, double theta, double level)
    {
        double persons = treated.Outcome.Persons + control.Outcome.Persons;
        var (share1, share0) = (treated.Outcome.Persons / persons, control.Outcome.Persons / persons);
        var apart = treated.Mean - control.Mean;
        var (mean1, mean0) = (
            treated.Outcome.Mean - (theta * share0 * apart), control.Outcome.Mean + (theta * share1 * apart));
        var ratio = mean1 / mean0;
        if (!(mean0 > 0 && mean1 > 0))
        {
            return result;
        }
        // The derivative by X is as many times that by Y of the same arm.
        var weight1 = theta * (share0 + (ratio * share1));
        var weight0 = weight1 / ratio;
        var (sampling1, sampling0, _, degrees) = Errors(treated, weight1, control, weight0);
        var noise = (Noise(treated, weight1) + (ratio * ratio * Noise(control, weight0))) / (mean0 * mean0);
        var square = noise + ((sampling1 + (ratio * ratio * sampling0)) / (mean0 * mean0));
        return result with
        {
            RelativeLift = ratio - 1,
            RelativeInterval = Comparison.AroundWith(ratio - 1, square, noise, degrees, level),
        };
    }

    // The squared errors of both arms by sampling, the caution in both, and degrees of freedom where there are clusters.
    private static (double Treated, double Control, double Caution, double? Degrees) Errors(
        CovariateTotal treated, double theta1, CovariateTotal control, double theta0)
    {
        var (one, other) = (treated.ErrorWithout(theta1), control.ErrorWithout(theta0));
        if (treated.Clusters is null || control.Clusters is null)
        {
            return (one.Square, other.Square, one.Caution + other.Caution, null);
        }
        var error = ClusterError.Of(one, other, treated.Outcome.Persons + control.Outcome.Persons);
        return (error.Treated, error.Control, error.Caution, error.Degrees);
    }

    private static double SumNoiseOfMean(CovariateTotal arm) => arm.SumNoise / ((double)arm.Outcome.Persons * arm.Outcome.Persons);

    // The variance of the noise in an arm's mean of Y - theta·X.
    private static double Noise(CovariateTotal arm, double theta)
    {
        var mean = arm.Outcome.Mean - (theta * arm.Mean);
        var noise = arm.Outcome.SumNoise + (theta * theta * arm.SumNoise) + (mean * mean * arm.Outcome.PersonsNoise);
        return noise / ((double)arm.Outcome.Persons * arm.Outcome.Persons);
    }
}
