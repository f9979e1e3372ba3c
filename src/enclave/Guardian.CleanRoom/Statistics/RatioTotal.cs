namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// The totals of an arm for a ratio of two outcomes, such as revenue over orders. The ratio is that of the sums. Its error is that of the
/// mean of numerator - ratio * denominator over the mean denominator (delta method; Deng, Knoblich and Lu 2018).
/// </summary>
/// <param name="Numerator">The numerator.</param>
/// <param name="Denominator">The denominator, over the same persons.</param>
/// <param name="Products">Sum of numerator times denominator; unused with clusters.</param>
/// <param name="ProductsNoise">Variance of the privacy noise in <paramref name="Products"/>.</param>
internal sealed record RatioTotal(ArmTotal Numerator, ArmTotal Denominator, double Products, double ProductsNoise = 0)
{
    // With fewer deviations of noise in the denominator, the delta method means nothing.
    private const double LeastDeviations = 5;

    /// <summary>The ratio.</summary>
    public double Value => Numerator.Sum / Denominator.Sum;

    /// <summary>Whether the denominator is far enough from zero for a ratio.</summary>
    public bool IsDefined => Numerator.Persons > 1 && Denominator.Sum > LeastDeviations * Math.Sqrt(Denominator.SumNoise);

    /// <summary>Joins two arms to one.</summary>
    public static RatioTotal Add(RatioTotal left, RatioTotal right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new RatioTotal(
            left.Numerator + right.Numerator, left.Denominator + right.Denominator, left.Products + right.Products,
            left.ProductsNoise + right.ProductsNoise);
    }

    /// <summary>Compares the ratios of two arms.</summary>
    public static Comparison Compare(RatioTotal treated, RatioTotal control, double level = Distributions.Level)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var clusters = treated.Numerator.Clusters is null || control.Numerator.Clusters is null
            ? null
            : ClusterError.Of(
                ClusterError.Sum(treated.Residuals(), treated.Denominator.Sum),
                ClusterError.Sum(control.Residuals(), control.Denominator.Sum),
                treated.Numerator.Persons + control.Numerator.Persons);
        var caution = clusters?.Caution ?? (treated.Caution + control.Caution);
        return Comparison.OfEstimates(
            new Estimate(treated.Value, clusters?.Treated ?? treated.Square, treated.Noise),
            new Estimate(control.Value, clusters?.Control ?? control.Square, control.Noise),
            treated.Denominator.Sum, caution, clusters?.Degrees, level);
    }

    private double Scale => Numerator.Persons * Denominator.Mean * Denominator.Mean;

    // The squared error of the ratio by sampling; with noise, an upper estimate.
    private double Square => Math.Max(
        Numerator.Variance + (Value * Value * Denominator.Variance) - (2 * Value * Covariance) + (2 * Math.Abs(Value) * CovarianceCaution),
        0) / Scale;

    private double Caution =>
        (Numerator.Caution + (Value * Value * Denominator.Caution) + (2 * Math.Abs(Value) * CovarianceCaution)) / Scale;

    private double Noise =>
        (Numerator.SumNoise + (Value * Value * Denominator.SumNoise)) / (Denominator.Sum * Denominator.Sum);

    private double Covariance => (Products - (Numerator.Sum * Denominator.Mean)) / (Numerator.Persons - 1);

    // The amount by which noise may have moved the covariance.
    private double CovarianceCaution
    {
        get
        {
            var (one, other) = (Numerator.Mean, Denominator.Mean);
            var noise = ProductsNoise + (other * other * Numerator.SumNoise) + (one * one * Denominator.SumNoise)
                + (one * one * other * other * Numerator.PersonsNoise);
            return Distributions.OneSidedZ95 * Math.Sqrt(noise) / (Numerator.Persons - 1);
        }
    }

    private IEnumerable<ClusterResidual> Residuals()
    {
        var ratio = Value;
        return Numerator.Clusters!.Zip(Denominator.Clusters!, (numerator, denominator) => new ClusterResidual(
            numerator.Sum - (ratio * denominator.Sum), numerator.SumNoise + (ratio * ratio * denominator.SumNoise), numerator.IsCounted));
    }
}

/// <summary>An estimate of one arm.</summary>
/// <param name="Value">The mean or the ratio.</param>
/// <param name="Square">Its squared error by sampling.</param>
/// <param name="Noise">Variance of the privacy noise in it.</param>
internal readonly record struct Estimate(double Value, double Square, double Noise);
