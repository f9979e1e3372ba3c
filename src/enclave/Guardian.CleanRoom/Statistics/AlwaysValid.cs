namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// The difference of a comparison, judged so that the room may be asked again and again while data grow: the chance that any of these
/// intervals, ever, leaves out the effect is at most 5 %. Sampling has an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha,
/// Kennedy and Ramdas 2024, the mixture of Robbins, as in Johari, Koomen, Pekelis and Walsh 2022). Noise is drawn anew for each answer, so
/// it shares a fifth of the level equally among all answers that the budget allows.
/// </summary>
/// <param name="Interval">Of the absolute lift.</param>
/// <param name="PValue">Always valid, two-sided: the least level at which the interval leaves out zero.</param>
public sealed record AlwaysValid(Interval Interval, double PValue)
{
    // The part of the level for noise, where there is any.
    private const double NoisePart = 0.2;

    private const double LeastLevel = 1e-300;

    /// <summary>Judges a comparison.</summary>
    /// <param name="result">The comparison.</param>
    /// <param name="persons">Persons in both arms.</param>
    /// <param name="looks">The design.</param>
    /// <param name="level">The chance that any interval ever leaves out the effect.</param>
    internal static AlwaysValid Of(Comparison result, double persons, LookDesign looks, double level)
    {
        ArgumentNullException.ThrowIfNull(result);
        var noise = result.PureNoise;
        var sampling = Math.Max((result.StandardError * result.StandardError) - noise, 0);
        double Half(double each) => HalfWidth(sampling, noise, persons, looks, each);
        var half = Half(level);
        return new AlwaysValid(
            new Interval(result.AbsoluteLift - half, result.AbsoluteLift + half), FindLevel(Half, Math.Abs(result.AbsoluteLift)));
    }

    /// <summary>Computes half the width of an interval.</summary>
    /// <param name="sampling">The squared error by sampling.</param>
    /// <param name="noise">Variance of the privacy noise.</param>
    /// <param name="persons">Persons in both arms.</param>
    /// <param name="looks">The design.</param>
    /// <param name="level">The chance that any interval ever leaves out the effect.</param>
    internal static double HalfWidth(double sampling, double noise, double persons, LookDesign looks, double level)
    {
        ArgumentNullException.ThrowIfNull(looks);
        var own = noise > 0 ? (1 - NoisePart) * level : level;
        // The variance of the mixture over that of the estimate. It is chosen before any data, so that the width is least at the expected
        // number of persons.
        var best = (-2 * Math.Log(Distributions.Level)) + Math.Log(-2 * Math.Log(Distributions.Level)) + 1;
        var ratio = best * Math.Max(persons, 1) / looks.Persons;
        var half = Math.Sqrt(sampling * (1 + (1 / ratio)) * (Math.Log(1 + ratio) - (2 * Math.Log(own))));
        // P(|noise| > x) = exp(-x / scale) for Laplace noise of variance 2 scale².
        return noise > 0 ? half - (Math.Sqrt(noise / 2) * Math.Log(NoisePart * level / looks.Most)) : half;
    }

    // The width falls with the level, so the level is found by halving its logarithm.
    private static double FindLevel(Func<double, double> half, double difference)
    {
        if (half(1) >= difference)
        {
            return 1;
        }
        var (low, high) = (Math.Log(LeastLevel), 0.0);
        for (var step = 0; step < 60; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = half(Math.Exp(middle)) < difference ? (low, middle) : (middle, high);
        }
        return Math.Exp(high);
    }
}

/// <summary>How a measurement is looked at more than once.</summary>
/// <param name="Persons">The expected persons in both arms of a comparison, for which the intervals are narrowest.</param>
/// <param name="Most">The most answers that the budget allows.</param>
public sealed record LookDesign(double Persons, int Most);
