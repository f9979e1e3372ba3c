using System.Numerics;

namespace Guardian.CleanRoom.Tests;

public class DisclosureTests
{
    [Theory]
    [InlineData(100, 1_000, true)]
    [InlineData(99, 1_000, false)]
    [InlineData(900, 1_000, true)]
    [InlineData(901, 1_000, false)]
    [InlineData(1_000, 1_000, false)]
    [InlineData(0, 1_000, false)]
    public void A_set_and_its_complement_must_reach_the_minimum_audience(long count, long size, bool allowed)
    {
        var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = null }, new SecureRandomIntegers());
        Assert.Equal(allowed, rules.Allows(count, [size, 1_000_000]));
    }

    [Fact]
    public void Exact_counts_carry_no_noise() => Assert.Equal(5, new DisclosureRules(PrivacyRules.Default with { Epsilon = null }, new Seeded(1)).Noised(5));

    [Theory]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public void Noise_has_the_distribution_that_epsilon_says(double epsilon)
    {
        const int draws = 40_000;
        var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = epsilon }, new Seeded(7));
        var found = Enumerable.Range(0, draws).Select(_ => rules.Noised(0)).GroupBy(noise => noise).ToDictionary(group => group.Key, group => group.Count());

        // P(x) = (1 - r) / (1 + r) * r^|x| with r = exp(-epsilon); Pearson's statistic over the values that come often enough.
        var r = Math.Exp(-epsilon);
        var (statistic, cells) = (0.0, 0);
        for (var noise = -8; noise <= 8; noise++)
        {
            var expected = draws * (1 - r) / (1 + r) * Math.Pow(r, Math.Abs(noise));
            if (expected > 50)
            {
                statistic += Math.Pow(found.GetValueOrDefault(noise) - expected, 2) / expected;
                cells++;
            }
        }
        Assert.True(Distributions.ChiSquareUpperTail(statistic, cells) > 1e-4, $"chi-square {statistic} over {cells} values");
        Assert.True(found.Keys.Max() > 8 / epsilon, "the tail is cut off");
    }

    [Fact]
    public void The_generator_stays_below_its_bound_and_reaches_every_number()
    {
        var random = new SecureRandomIntegers();
        Assert.Equal(5, Enumerable.Range(0, 400).Select(_ => random.Below(5)).Distinct().Count());
        Assert.All(Enumerable.Range(0, 100), _ => Assert.InRange(random.Below(BigInteger.Pow(10, 30)), BigInteger.Zero, BigInteger.Pow(10, 30) - 1));
        Assert.Equal(BigInteger.Zero, random.Below(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Below(0));
    }

    private sealed class Seeded(int seed) : IRandomIntegers
    {
        private readonly Random random = new(seed);

        public BigInteger Below(BigInteger bound) => random.NextInt64((long)bound);
    }
}
