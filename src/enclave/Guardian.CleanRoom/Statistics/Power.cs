namespace Guardian.CleanRoom.Statistics;

/// <summary>The least effect that an experiment will probably show, computed before it starts.</summary>
/// <param name="Absolute">Difference of the rates or means.</param>
/// <param name="Relative">The same over control's rate or mean; null when that is zero.</param>
public sealed record DetectableEffect(double Absolute, double? Relative)
{
    /// <summary>The least detectable effect on a rate.</summary>
    /// <param name="treated">Persons in the treatment arm.</param>
    /// <param name="control">Persons in control.</param>
    /// <param name="rate">The expected rate of control.</param>
    /// <param name="noise">Variance of the privacy noise in each arm's count, that in its persons included; 0 without.</param>
    /// <param name="alpha">Level of the two-sided test, for example 0.05; divided by the number of comparisons when there are
    /// several.</param>
    /// <param name="power">Probability of finding the effect, for example 0.8.</param>
    /// <param name="design">The factor by which clusters raise the variance; 1 without.</param>
    /// <param name="looks">How the effect is looked at more than once; null for one look.</param>
    public static DetectableEffect OfRates(
        double treated, double control, double rate, double noise, double alpha, double power, double design = 1,
        LookDesign? looks = null)
    {
        var added = (noise / (treated * treated)) + (noise / (control * control));
        var underNone = Math.Sqrt((design * rate * (1 - rate) * ((1 / treated) + (1 / control))) + added);
        var threshold = Threshold((underNone * underNone) - added, added, treated + control, alpha, looks);
        var powerQuantile = Distributions.NormalQuantile(power);
        // The rate of the treatment arm is part of its own variance: the iteration converges in a few rounds.
        var effect = threshold + (powerQuantile * underNone);
        for (var round = 0; round < 50; round++)
        {
            var other = Math.Min(rate + effect, 1);
            var error = Math.Sqrt((design * ((other * (1 - other) / treated) + (rate * (1 - rate) / control))) + added);
            effect = threshold + (powerQuantile * error);
        }
        return new DetectableEffect(effect, rate > 0 ? effect / rate : null);
    }

    /// <summary>The least detectable effect on a mean per head.</summary>
    /// <param name="treated">Persons in the treatment arm.</param>
    /// <param name="control">Persons in control.</param>
    /// <param name="mean">The expected mean of control.</param>
    /// <param name="deviation">Standard deviation of the outcome.</param>
    /// <param name="noise">Variance of the privacy noise in each arm's sum, that in its persons included; 0 without.</param>
    /// <param name="alpha">Level of the two-sided test.</param>
    /// <param name="power">Probability of finding the effect.</param>
    /// <param name="reduction">Share of the variance that a covariate explains (CUPED); 0 without.</param>
    /// <param name="caution">The amount by which noise makes the report overestimate the variance; 0 without.</param>
    /// <param name="design">The factor by which clusters raise the variance; 1 without.</param>
    /// <param name="looks">How the effect is looked at more than once; null for one look.</param>
    public static DetectableEffect OfMeans(
        double treated, double control, double mean, double deviation, double noise, double alpha, double power, double reduction = 0,
        double caution = 0, double design = 1, LookDesign? looks = null)
    {
        var variance = (design * deviation * deviation * (1 - reduction)) + caution;
        var added = (noise / (treated * treated)) + (noise / (control * control));
        var error = Math.Sqrt((variance / treated) + (variance / control) + added);
        var effect = Threshold((error * error) - added, added, treated + control, alpha, looks)
            + (Distributions.NormalQuantile(power) * error);
        return new DetectableEffect(effect, mean != 0 ? effect / Math.Abs(mean) : null);
    }

    // The difference from which on an effect is shown.
    private static double Threshold(double sampling, double noise, double persons, double alpha, LookDesign? looks) => looks is null
        ? NoiseMixture.Quantile(alpha, noise / (sampling + noise)) * Math.Sqrt(sampling + noise)
        : AlwaysValid.HalfWidth(sampling, noise, persons, looks, alpha);
}
