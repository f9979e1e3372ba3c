namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// The distribution of an estimate whose error is partly sampling (normal) and partly privacy noise (Laplace), with variance 1. Laplace
/// noise has more weight far out than a normal distribution, so a report that took it for normal would find too many effects. The noise of
/// a comparison is a sum of several Laplace numbers; one number with all of their variance is the cautious choice.
/// </summary>
internal static class NoiseMixture
{
    // Beyond this, Mills' ratio is computed by its continued fraction.
    private const double Far = 2;

    /// <summary>P(|X| &gt; |z|).</summary>
    /// <param name="z">The statistic.</param>
    /// <param name="noiseShare">The part of the variance that is noise, 0 to 1.</param>
    public static double TwoSided(double z, double noiseShare)
    {
        var x = Math.Abs(z);
        if (noiseShare <= 0)
        {
            return Distributions.NormalTwoSided(x);
        }
        // The tail of N(0, s²) + Laplace(b): Q(x/s) + (e^(s²/2b² - x/b) Q(x/s - s/b) reflected - e^(s²/2b² + x/b) Q(x/s + s/b)) / 2.
        var (s, b) = (Math.Sqrt(Math.Max(1 - noiseShare, 1e-9)), Math.Sqrt(Math.Min(noiseShare, 1) / 2));
        var (near, far) = ((s / b) - (x / s), (s / b) + (x / s));
        double Term(double u, double sign) => u > Far
            ? Math.Exp(-x * x / (2 * s * s)) / Math.Sqrt(2 * Math.PI) * MillsRatio(u)
            : Math.Exp((s * s / (2 * b * b)) + (sign * x / b)) * Upper(u);
        return Math.Clamp(2 * (Upper(x / s) + ((Term(near, -1) - Term(far, 1)) / 2)), 0, 1);
    }

    /// <summary>The number that |X| exceeds with a probability.</summary>
    /// <param name="probability">Between 0 and 1, both excluded.</param>
    /// <param name="noiseShare">The part of the variance that is noise, 0 to 1.</param>
    public static double Quantile(double probability, double noiseShare)
    {
        if (noiseShare <= 0)
        {
            return Distributions.NormalQuantile(1 - (probability / 2));
        }
        var (low, high) = (0.0, 100.0);
        for (var step = 0; step < 60; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = TwoSided(middle, noiseShare) > probability ? (middle, high) : (low, middle);
        }
        return high;
    }

    /// <summary>Half the width of a 95 % interval, in standard errors.</summary>
    public static double Z95(double noiseShare) => noiseShare <= 0 ? Distributions.Z95 : Quantile(0.05, noiseShare);

    private static double Upper(double x)
    {
        var tail = Distributions.NormalTwoSided(x) / 2;
        return x < 0 ? 1 - tail : tail;
    }

    // Q(u) / phi(u) = 1/(u + 1/(u + 2/(u + 3/...))), from the innermost fraction.
    private static double MillsRatio(double u)
    {
        var fraction = u;
        for (var k = 100; k > 0; k--)
        {
            fraction = u + (k / fraction);
        }
        return 1 / fraction;
    }
}
