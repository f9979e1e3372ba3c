using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// The rules that every answer passes before it leaves. They are on by default; a contract can only make them stricter, or agree to exact
/// counts.
/// </summary>
internal sealed class DisclosureRules(PrivacyRules rules, IRandomBytes random)
{
    // Epsilon is a fraction with this denominator: more places than people write.
    private const long EpsilonDenominator = 1_000_000_000;

    // Thresholds follow from the contract, and a crosstab needs the same for each of its cells.
    private readonly ConcurrentDictionary<(BigInteger Numerator, BigInteger Denominator), IReadOnlyList<UInt128>> thresholds = [];

    /// <summary>The numbers of the rules.</summary>
    public PrivacyRules Rules => rules;

    /// <summary>Adds noise to a figure when the members agreed on noise.</summary>
    /// <param name="figure">The exact figure.</param>
    /// <param name="sensitivity">The most by which one person changes the figure; 1 when null.</param>
    /// <param name="parts">The number of figures like this in one answer that a person may be in; they share the answer's epsilon.</param>
    /// <returns>The figure as it may be published.</returns>
    public Noised Noise(Int128 figure, Int128? sensitivity = null, int parts = 1)
    {
        if (rules.Epsilon is not { } epsilon)
        {
            return new Noised(figure, 0);
        }
        return NoiseOf(figure, (sensitivity ?? 1) * parts * rules.Influence, epsilon);
    }

    /// <summary>Adds noise to a figure at a price of its own.</summary>
    /// <param name="figure">The exact figure.</param>
    /// <param name="sensitivity">The most by which one person changes the figure.</param>
    /// <param name="epsilon">The figure's part of the answer's epsilon, greater than 0.</param>
    /// <returns>The figure as it may be published.</returns>
    public Noised NoiseOf(Int128 figure, Int128 sensitivity, decimal epsilon)
    {
        // A column of one value alone changes nothing, and a scale is positive.
        var numerator = (BigInteger)Int128.Max(sensitivity, 1) * EpsilonDenominator;
        // Rounded down, so that noise never costs more than its price.
        var denominator = new BigInteger(Math.Floor(epsilon * EpsilonDenominator));
        var known = thresholds.GetOrAdd(
            (numerator, denominator), scale => DiscreteLaplace.ThresholdsOf(scale.Numerator, scale.Denominator));
        var noise = DiscreteLaplace.Sample(known, random);
        return new Noised(figure + noise, DiscreteLaplace.Variance((double)numerator / (double)denominator));
    }

    /// <summary>Computes the bound within which 95 % of all figures with that noise are of the truth.</summary>
    /// <param name="sensitivity">The most by which one person changes the figure; 1 when null.</param>
    /// <param name="parts">The number of figures like this in one answer that a person may be in.</param>
    /// <returns>The bound; null for exact figures.</returns>
    public double? Margin(Int128? sensitivity = null, int parts = 1)
    {
        if (rules.Epsilon is not { } epsilon)
        {
            return null;
        }
        return MarginOf((double)(sensitivity ?? 1) * parts * rules.Influence / (double)epsilon);
    }

    /// <summary>Computes the bound within which 95 % of all figures with noise of a scale are of the truth.</summary>
    public static double MarginOf(double scale)
    {
        // P(|x| > m) = 2 r^(m+1) / (1 + r), with r = exp(-1/scale).
        var r = Math.Exp(-1 / scale);
        return Math.Max(0, Math.Ceiling((Math.Log(0.05 * (1 + r) / 2) / Math.Log(r)) - 1));
    }

    /// <summary>
    /// Tests whether a set of persons may be reported: it has at least k persons, and each contributor's data set has at least k persons
    /// outside it. The test uses the count as it would be published, so that the test itself tells no more than the answer would.
    /// </summary>
    /// <param name="contributorSizes">Persons in each contributor's data set.</param>
    public bool Allows(Int128 count, IEnumerable<long> contributorSizes) =>
        count >= rules.MinimumAudience && contributorSizes.All(size => size - count >= rules.MinimumAudience);

    /// <summary>
    /// Makes the refusal of an answer that a rule withholds. It is the same for too small a set, too small a complement and too small a
    /// difference from an earlier answer, and it is charged like an answer: the asker must not learn which of them it was.
    /// </summary>
    public Refusal Withhold() => RoomReasons.BelowMinimumAudience.Because(string.Create(
        CultureInfo.InvariantCulture,
        $"the answer would be about fewer than {rules.MinimumAudience} persons, or about all but fewer than {rules.MinimumAudience}, "
        + $"or about nearly the persons of an earlier answer; ask about a larger, less complete or quite different group"));
}

/// <summary>A figure that may leave the room.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Variance">Variance of the noise in it; 0 for an exact figure.</param>
internal readonly record struct Noised(Int128 Value, double Variance);
