using System.Globalization;
using System.Numerics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Privacy;

/// <summary>The rules that every answer passes before it leaves. On by default; a contract can only make them stricter, or agree to exact counts.</summary>
internal sealed class DisclosureRules(PrivacyRules rules, IRandomIntegers random)
{
    // Epsilon as a fraction: enough places for any that a person would write.
    private const long EpsilonDenominator = 1_000_000;

    /// <summary>The rules in numbers.</summary>
    public PrivacyRules Rules => rules;

    /// <summary>A figure as it may be published: with noise, when the members agreed on noise.</summary>
    /// <param name="sensitivity">The most that one person changes it by.</param>
    /// <param name="parts">How many such figures of one answer a person may be in; they share the answer's epsilon.</param>
    public Noised Noise(Int128 figure, Int128? sensitivity = null, int parts = 1)
    {
        if (rules.Epsilon is not { } epsilon)
        {
            return new Noised(figure, 0);
        }
        var numerator = (BigInteger)(sensitivity ?? 1) * parts * EpsilonDenominator;
        var denominator = new BigInteger(Math.Round(epsilon * EpsilonDenominator));
        return new Noised(figure + (Int128)DiscreteLaplace.Sample(numerator, denominator, random), DiscreteLaplace.Variance((double)numerator / (double)denominator));
    }

    /// <summary>95 % of all figures with that noise are within this of the truth; null for exact figures.</summary>
    public double? Margin(Int128? sensitivity = null, int parts = 1)
    {
        if (rules.Epsilon is not { } epsilon)
        {
            return null;
        }
        // P(|x| > m) = 2 r^(m+1) / (1 + r), with r = exp(-1/scale).
        var scale = (double)(sensitivity ?? 1) * parts / epsilon;
        var r = Math.Exp(-1 / scale);
        return Math.Max(0, Math.Ceiling((Math.Log(0.05 * (1 + r) / 2) / Math.Log(r)) - 1));
    }

    /// <summary>
    /// Whether a set of persons may be reported: it has at least k persons, and so have those of each contributor's data set that are not in it.
    /// Tested on the count as it would be published, so that the test itself tells no more than the answer would.
    /// </summary>
    /// <param name="contributorSizes">Persons in each contributor's data set.</param>
    public bool Allows(Int128 count, IEnumerable<long> contributorSizes) =>
        count >= rules.MinimumAudience && contributorSizes.All(size => size - count >= rules.MinimumAudience);

    /// <summary>
    /// The refusal of an answer that a rule withholds. It is the same for too small a set, too small a complement and too small a difference from an earlier answer,
    /// and it is charged like an answer: which of them it was, is not for the asker to know.
    /// </summary>
    public RoomRefusal Withheld() => new(
        RefusalKind.Withheld,
        "below-minimum-audience",
        string.Create(
            CultureInfo.InvariantCulture,
            $"the answer would be about fewer than {rules.MinimumAudience} persons, or about all but fewer than {rules.MinimumAudience}, or about nearly the persons of an earlier answer; ask about a larger, less complete or quite different group"));
}

/// <summary>A figure that may leave.</summary>
/// <param name="Variance">Of the noise in it; 0 for an exact figure.</param>
internal readonly record struct Noised(Int128 Value, double Variance);
