using System.Globalization;
using System.Numerics;

namespace Guardian.CleanRoom;

/// <summary>The rules that every answer passes before it leaves. On by default; a contract can only make them stricter, or agree to exact counts.</summary>
public sealed class DisclosureRules
{
    // Epsilon as a fraction: enough places for any that a person would write.
    private const long EpsilonDenominator = 1_000_000;

    private readonly PrivacyRules rules;
    private readonly IRandomIntegers random;

    /// <param name="random">Where noise comes from.</param>
    public DisclosureRules(PrivacyRules rules, IRandomIntegers random)
    {
        this.rules = rules;
        this.random = random;
    }

    /// <summary>The count as it may be published: with noise, when the members agreed on noise.</summary>
    public long Noised(long count) => rules.Epsilon is { } epsilon
        ? count + DiscreteLaplace.Sample(EpsilonDenominator, new BigInteger(Math.Round(epsilon * EpsilonDenominator)), random)
        : count;

    /// <summary>
    /// Whether a set of persons may be reported: it has at least k persons, and so have those of each contributor's data set that are not in it.
    /// Tested on the noisy count, so that the test itself tells no more than the answer would.
    /// </summary>
    /// <param name="count">The count as it would be published.</param>
    /// <param name="contributorSizes">Persons in each contributor's data set.</param>
    public bool Allows(long count, IEnumerable<long> contributorSizes) =>
        count >= rules.MinimumAudience && contributorSizes.All(size => size - count >= rules.MinimumAudience);

    /// <summary>The refusal of an answer that <see cref="Allows"/> withholds. It does not say which of the two conditions failed, or by how much.</summary>
    public RoomRefusal Withheld() => new(
        RefusalKind.Withheld,
        "below-minimum-audience",
        string.Create(
            CultureInfo.InvariantCulture,
            $"the answer would be about fewer than {rules.MinimumAudience} persons, or about all but fewer than {rules.MinimumAudience}; ask about a larger or less complete group"));
}
