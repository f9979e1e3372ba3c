using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Privacy;

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
        var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = null }, new SecureRandomBytes());
        Assert.Equal(allowed, rules.Allows(count, [size, 1_000_000]));
    }

    [Fact]
    public void Exact_counts_carry_no_noise() =>
        Assert.Equal(5, new DisclosureRules(PrivacyRules.Default with { Epsilon = null }, new SeededBytes(1)).Noise(5).Value);

    [Theory]
    [InlineData(0.5, 1)]
    [InlineData(1.0, 1)]
    [InlineData(0.7, 3)]
    [InlineData(3.0, 2)]
    public void Noise_has_the_distribution_that_epsilon_says(double epsilon, int parts)
    {
        const int draws = 40_000;
        var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = (decimal)epsilon }, new SeededBytes(7));
        var found = Enumerable.Range(0, draws).Select(_ => (long)rules.Noise(0, 1, parts).Value).GroupBy(noise => noise)
            .ToDictionary(group => group.Key, group => group.Count());

        // P(x) = (1 - r) / (1 + r) * r^|x| with r = exp(-epsilon / parts); Pearson's statistic over the frequent values.
        var r = Math.Exp(-epsilon / parts);
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
        Assert.True(found.Keys.Max() > 6 * parts / epsilon, "the tail is cut off");
    }

    [Fact]
    public void The_variance_and_the_margin_are_those_of_the_noise()
    {
        const int draws = 40_000;
        foreach (var (epsilon, sensitivity, parts) in new[] { (0.5, 1, 1), (0.1, 1, 1), (0.5, 40, 3) })
        {
            var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = (decimal)epsilon }, new SeededBytes(5));
            var noise = Enumerable.Range(0, draws).Select(_ => (double)(long)rules.Noise(0, sensitivity, parts).Value).ToList();
            var variance = rules.Noise(0, sensitivity, parts).Variance;
            Assert.InRange(noise.Average(each => each * each) / variance, 0.95, 1.05);
            var margin = rules.Margin(sensitivity, parts)!.Value;
            Assert.True(noise.Count(each => Math.Abs(each) > margin) <= 0.055 * draws);
            Assert.True(noise.Count(each => Math.Abs(each) > margin - 1) >= 0.045 * draws);
        }
        // The figures of the documentation: epsilon 0.5 gives a standard deviation of 2.8 and 6 at 95 %, 0.1 gives 14.1 and 30.
        Assert.Equal((2.8, 6),
            (Math.Round(Math.Sqrt(DiscreteLaplace.Variance(2)), 1),
            new DisclosureRules(PrivacyRules.Default with { Epsilon = 0.5m }, new SeededBytes(1)).Margin()));
        Assert.Equal(14.1, Math.Round(Math.Sqrt(DiscreteLaplace.Variance(10)), 1));
    }
}
