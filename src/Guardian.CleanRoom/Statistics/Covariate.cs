namespace Guardian.CleanRoom;

/// <summary>What an arm showed for an outcome and a covariate known before assignment.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Sum">Sum of the covariate.</param>
/// <param name="SumOfSquares">Sum of its squares.</param>
/// <param name="SumOfProducts">Sum of outcome times covariate.</param>
/// <param name="SumNoise">Variance of the privacy noise in <paramref name="Sum"/>.</param>
public sealed record CovariateTotal(ArmTotal Outcome, double Sum, double SumOfSquares, double SumOfProducts, double SumNoise = 0)
{
    internal double Mean => Sum / Outcome.Persons;

    /// <summary>Two arms taken as one.</summary>
    public static CovariateTotal operator +(CovariateTotal left, CovariateTotal right) => Add(left, right);

    /// <summary>Two arms taken as one.</summary>
    public static CovariateTotal Add(CovariateTotal left, CovariateTotal right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new CovariateTotal(
            left.Outcome + right.Outcome, left.Sum + right.Sum, left.SumOfSquares + right.SumOfSquares, left.SumOfProducts + right.SumOfProducts, left.SumNoise + right.SumNoise);
    }

    internal double Variance => (SumOfSquares - (Sum * Sum / Outcome.Persons)) / (Outcome.Persons - 1);

    internal double Covariance => (SumOfProducts - (Sum * Outcome.Sum / Outcome.Persons)) / (Outcome.Persons - 1);
}

/// <summary>
/// CUPED (Deng, Xu, Kohavi, Walker 2013): the difference of the means of Y - theta·X, whose variance is smaller by the square of the correlation. Unbiased, because X was known
/// before anyone was assigned.
/// </summary>
/// <param name="Theta">Covariance of outcome and covariate over the covariate's variance, over both arms taken as one.</param>
/// <param name="Result">The adjusted difference; nothing relative.</param>
/// <param name="VarianceReduction">Share of the variance that the covariate explains, 0 to 1.</param>
public sealed record CupedComparison(double Theta, Comparison Result, double VarianceReduction)
{
    /// <summary>Compares; null where the covariate does not vary.</summary>
    public static CupedComparison? Of(CovariateTotal treated, CovariateTotal control)
    {
        ArgumentNullException.ThrowIfNull(treated);
        ArgumentNullException.ThrowIfNull(control);
        var both = treated + control;
        if (both.Outcome.Persons < 2 || !(both.Variance > 0))
        {
            return null;
        }
        var theta = both.Covariance / both.Variance;
        var difference = treated.Outcome.Mean - control.Outcome.Mean - (theta * (treated.Mean - control.Mean));
        var result = Comparison.OfDifference(difference, Math.Sqrt(Error(treated, theta) + Error(control, theta)), treated.Outcome.Persons);
        var plain = both.Outcome.Variance;
        return new CupedComparison(theta, result, plain > 0 ? Math.Clamp(theta * both.Covariance / plain, 0, 1) : 0);
    }

    private static double Error(CovariateTotal arm, double theta)
    {
        var variance = arm.Outcome.Variance + (theta * theta * arm.Variance) - (2 * theta * arm.Covariance);
        var noise = arm.Outcome.MeanNoise + (theta * theta * arm.SumNoise / ((double)arm.Outcome.Persons * arm.Outcome.Persons));
        // Noise in the sums of squares may carry the difference below zero.
        return (Math.Max(variance, 0) / arm.Outcome.Persons) + noise;
    }
}
