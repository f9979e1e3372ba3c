namespace Guardian.CleanRoom.Statistics;

/// <summary>The functions of the normal and chi-square distributions that lift needs.</summary>
internal static class Distributions
{
    /// <summary>The chance that a 95 % interval leaves out the truth.</summary>
    public const double Level = 0.05;

    /// <summary>Quantile of the standard normal distribution at 97.5 %: two-sided 95 % intervals.</summary>
    public const double Z95 = 1.959963984540054;

    /// <summary>
    /// Quantile of the standard normal distribution at 95 %: one-sided bounds. Discrete Laplace noise stays below as many of its standard
    /// deviations with the same probability.
    /// </summary>
    public const double OneSidedZ95 = 1.6448536269514722;

    /// <summary>Two-sided p-value of a standard normal statistic.</summary>
    public static double NormalTwoSided(double z) => ChiSquareUpperTail(z * z, 1);

    /// <summary>Quantile of the standard normal distribution.</summary>
    /// <param name="probability">Between 0 and 1, both excluded.</param>
    public static double NormalQuantile(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(probability, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        // By bisection: the distribution function is steep enough, and nothing here needs speed.
        var tail = Math.Min(probability, 1 - probability);
        var (low, high) = (0.0, 40.0);
        for (var step = 0; step < 200 && low < high; step++)
        {
            var middle = (low + high) / 2;
            if (NormalTwoSided(middle) / 2 > tail)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }
        return probability < 0.5 ? -low : low;
    }

    /// <summary>Two-sided p-value of a statistic with Student's t distribution.</summary>
    /// <param name="t">The statistic.</param>
    /// <param name="degrees">Degrees of freedom, greater than 0.</param>
    public static double StudentTwoSided(double t, double degrees) => IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + (t * t)));

    /// <summary>The number that |t| exceeds with a probability.</summary>
    /// <param name="probability">Between 0 and 1, both excluded.</param>
    /// <param name="degrees">Degrees of freedom, greater than 0.</param>
    public static double StudentQuantile(double probability, double degrees)
    {
        var (low, high) = (0.0, 1.0);
        while (StudentTwoSided(high, degrees) > probability)
        {
            high *= 2;
        }
        for (var step = 0; step < 100; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = StudentTwoSided(middle, degrees) > probability ? (middle, high) : (low, middle);
        }
        return high;
    }

    // Regularised incomplete beta function by its continued fraction (Abramowitz & Stegun 26.5.8), evaluated from the innermost part.
    private static double IncompleteBeta(double a, double b, double x)
    {
        if (x is <= 0 or >= 1)
        {
            return x <= 0 ? 0 : 1;
        }
        if (x > (a + 1) / (a + b + 2))
        {
            return 1 - IncompleteBeta(b, a, 1 - x);
        }
        var fraction = 0.0;
        for (var k = 500; k > 0; k--)
        {
            var m = k / 2;
            var term = k % 2 == 0
                ? m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)))
                : -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            fraction = term / (1 + fraction);
        }
        var log = (a * Math.Log(x)) + (b * Math.Log(1 - x)) + LogGamma(a + b) - LogGamma(a) - LogGamma(b);
        return Math.Exp(log) / a / (1 + fraction);
    }

    /// <summary>P(X &gt; x) for a chi-square variable.</summary>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double ChiSquareUpperTail(double x, int degrees) => x <= 0 ? 1 : UpperGamma(degrees / 2.0, x / 2);

    // Regularised upper incomplete gamma function: series below the mode, Lentz's continued fraction above (Abramowitz & Stegun 6.5.29,
    // 6.5.31).
    private static double UpperGamma(double a, double x)
    {
        const double precision = 1e-15;
        var scale = Math.Exp((a * Math.Log(x)) - x - LogGamma(a));
        if (x < a + 1)
        {
            var term = 1 / a;
            var sum = term;
            for (var n = 1; n < 1000 && term > sum * precision; n++)
            {
                term *= x / (a + n);
                sum += term;
            }
            return 1 - (sum * scale);
        }
        var b = x + 1 - a;
        var c = 1e300;
        var d = 1 / b;
        var fraction = d;
        for (var n = 1; n < 1000; n++)
        {
            var an = -n * (n - a);
            b += 2;
            d = 1 / ((an * d) + b);
            c = b + (an / c);
            var delta = d * c;
            fraction *= delta;
            if (Math.Abs(delta - 1) < precision)
            {
                break;
            }
        }
        return fraction * scale;
    }

    /// <summary>Natural logarithm of the gamma function, for positive arguments (Stirling's series after shifting up).</summary>
    public static double LogGamma(double x)
    {
        var shift = 0.0;
        while (x < 10)
        {
            shift -= Math.Log(x);
            x++;
        }
        var inverse = 1 / x;
        var square = inverse * inverse;
        var series = inverse
            * ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square / 1188))))))));
        return shift + ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series;
    }
}
