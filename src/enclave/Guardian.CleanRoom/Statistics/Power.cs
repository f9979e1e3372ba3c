namespace Guardian.CleanRoom.Statistics;

/// <summary>The least effect that an experiment will probably show, before it starts.</summary>
/// <param name="Absolute">Difference of the rates or means.</param>
/// <param name="Relative">The same over control's rate or mean; null when that is zero.</param>
public sealed record DetectableEffect(double Absolute, double? Relative)
{
    /// <summary>For a rate.</summary>
    /// <param name="treated">Persons in the treatment arm.</param>
    /// <param name="control">Persons in control.</param>
    /// <param name="rate">What control will show.</param>
    /// <param name="noise">Variance of the privacy noise in each count; 0 without.</param>
    /// <param name="alpha">Level of the two-sided test, for example 0.05; divided by the number of comparisons when there are several.</param>
    /// <param name="power">Probability of finding the effect, for example 0.8.</param>
    public static DetectableEffect OfRates(double treated, double control, double rate, double noise, double alpha, double power)
    {
        var (quantile, powerQuantile) = (Distributions.NormalQuantile(1 - (alpha / 2)), Distributions.NormalQuantile(power));
        var added = (noise / (treated * treated)) + (noise / (control * control));
        var underNone = Math.Sqrt((rate * (1 - rate) * ((1 / treated) + (1 / control))) + added);
        // The rate of the treatment arm is part of its own variance: a few rounds settle it.
        var effect = (quantile + powerQuantile) * underNone;
        for (var round = 0; round < 50; round++)
        {
            var other = Math.Min(rate + effect, 1);
            effect = (quantile * underNone) + (powerQuantile * Math.Sqrt((other * (1 - other) / treated) + (rate * (1 - rate) / control) + added));
        }
        return new DetectableEffect(effect, rate > 0 ? effect / rate : null);
    }

    /// <summary>For a mean per head.</summary>
    /// <param name="mean">What control will show.</param>
    /// <param name="deviation">Standard deviation of the outcome.</param>
    /// <param name="noise">Variance of the privacy noise in each sum.</param>
    /// <param name="reduction">Share of the variance that a covariate explains (CUPED); 0 without.</param>
    public static DetectableEffect OfMeans(double treated, double control, double mean, double deviation, double noise, double alpha, double power, double reduction = 0)
    {
        var variance = deviation * deviation * (1 - reduction);
        var error = Math.Sqrt((variance / treated) + (variance / control) + (noise / (treated * treated)) + (noise / (control * control)));
        var effect = (Distributions.NormalQuantile(1 - (alpha / 2)) + Distributions.NormalQuantile(power)) * error;
        return new DetectableEffect(effect, mean != 0 ? effect / Math.Abs(mean) : null);
    }
}
