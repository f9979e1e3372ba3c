using System.Numerics;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Privacy;

/// <summary>The noise has the exact distribution, and drawing it takes the same steps whatever comes out.</summary>
public sealed class DiscreteLaplaceTests
{
    [Fact]
    public void The_draws_that_a_loop_takes_tell_the_noise_and_ours_do_not()
    {
        var (loop, ours) = (new List<(int Draws, long Noise)>(), new List<(int Draws, long Noise)>());
        var thresholds = DiscreteLaplace.ThresholdsOf(2, 1);
        var random = new Random(5);
        for (var i = 0; i < 4_000; i++)
        {
            var draws = 0;
            var noise = LoopSampler.Sample(2, 1, bound =>
            {
                draws++;
                return random.Next(bound);
            });
            loop.Add((draws, Math.Abs(noise)));
            var counting = new CountingBytes(random);
            ours.Add((0, Math.Abs((long)DiscreteLaplace.Sample(thresholds, counting))));
            ours[^1] = ours[^1] with { Draws = (counting.Calls * 1_000_000) + counting.Size };
        }
        // The old sampler: many draws mean large noise.
        Assert.True(loop.GroupBy(each => each.Draws).Where(group => group.Count() > 20).Max(group => group.Average(each => each.Noise))
            > 3 * loop.GroupBy(each => each.Draws).Where(group => group.Count() > 20).Min(group => group.Average(each => each.Noise)));
        // Ours: one call, of a size that follows from the scale, for every outcome.
        Assert.True(ours.Select(each => each.Noise).Distinct().Count() > 10);
        Assert.Equal([1_000_000 + (2 * thresholds.Count * DiscreteLaplace.DrawSize)], ours.Select(each => each.Draws).Distinct());
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    [InlineData(10, 7)]
    [InlineData(1_000_000, 1)]
    public void Digits_have_the_probabilities_of_a_geometric_number(int numerator, int denominator)
    {
        var thresholds = DiscreteLaplace.ThresholdsOf(numerator, denominator);
        for (var digit = 0; digit < thresholds.Count; digit++)
        {
            var expected = 1 / (1 + Math.Exp(Math.Pow(2, digit) * denominator / numerator));
            Assert.Equal(expected, (double)thresholds[digit] / Math.Pow(2, 128), 1e-14);
        }
        // The digits cover all but exp(-90) of the tail, and no more than needed.
        Assert.InRange(Math.Pow(2, thresholds.Count) * denominator / numerator, 90, 180);
    }

    [Fact]
    public void A_threshold_is_right_to_its_last_bits()
    {
        // 1 / (1 + e^(1/2)) and 1 / (1 + e) to 128 bits, by a series in whole numbers that sums in another order and precision.
        foreach (
            var (numerator, threshold) in new[] { (2, DiscreteLaplace.ThresholdsOf(2, 1)[0]), (1, DiscreteLaplace.ThresholdsOf(1, 1)[0]) })
        {
            var (one, sum, term) = (BigInteger.One << 500, BigInteger.Zero, BigInteger.One << 500);
            for (var k = 1; !term.IsZero; k++)
            {
                sum += term;
                term /= numerator * k;
            }
            Assert.Equal((UInt128)((one << 128) / (one + sum)), threshold);
        }
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(5, 1)]
    public void The_numbers_have_the_exact_distribution(int numerator, int denominator)
    {
        const int draws = 200_000;
        var (thresholds, random) = (DiscreteLaplace.ThresholdsOf(numerator, denominator), new SeededBytes(3));
        var found = Enumerable.Range(0, draws).Select(_ => (long)DiscreteLaplace.Sample(thresholds, random)).CountBy(noise => noise)
            .ToDictionary();
        var r = Math.Exp(-(double)denominator / numerator);
        for (var noise = -12; noise <= 12; noise++)
        {
            var expected = draws * (1 - r) / (1 + r) * Math.Pow(r, Math.Abs(noise));
            Assert.True(Math.Abs(found.GetValueOrDefault(noise) - expected) < 5 * Math.Sqrt(expected) + 5, $"{noise}");
        }
    }

    [Fact]
    public void The_largest_scale_of_a_contract_fits() =>
        // Squares of 32-bit distances, 64 figures, and the smallest epsilon.
        Assert.InRange(DiscreteLaplace.ThresholdsOf((BigInteger.One << 64) * 64, 1).Count, 70, 120);

    [Theory]
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(0, 0, 0, 1, 1)]
    [InlineData(0, ulong.MaxValue, 1, 0, 1)]
    [InlineData(1, 0, 0, ulong.MaxValue, 0)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0)]
    [InlineData(ulong.MaxValue, 0, ulong.MaxValue, 1, 1)]
    [InlineData(1UL << 63, 0, 1, 0, 0)]
    [InlineData(1, 0, 1UL << 63, 0, 1)]
    public void The_comparison_is_that_of_128_bit_numbers(ulong high, ulong low, ulong otherHigh, ulong otherLow, ulong expected) =>
        Assert.Equal(expected, DiscreteLaplace.IsBelow(high, low, otherHigh, otherLow));

    private sealed class CountingBytes(Random random) : IRandomBytes
    {
        public int Calls { get; private set; }

        public int Size { get; private set; }

        public void Fill(Span<byte> bytes)
        {
            Calls++;
            Size += bytes.Length;
            random.NextBytes(bytes);
        }
    }

    // The sampler of earlier releases (Canonne, Kamath, Steinke 2020): it loops once for each unit of the quotient.
    private static class LoopSampler
    {
        public static long Sample(int numerator, int denominator, Func<int, int> below)
        {
            while (true)
            {
                var remainder = below(numerator);
                if (!BernoulliExp(remainder, numerator, below))
                {
                    continue;
                }
                var quotient = 0;
                while (BernoulliExp(1, 1, below))
                {
                    quotient++;
                }
                var magnitude = (remainder + ((long)numerator * quotient)) / denominator;
                var isNegative = below(2) == 1;
                if (isNegative && magnitude == 0)
                {
                    continue;
                }
                return isNegative ? -magnitude : magnitude;
            }
        }

        private static bool BernoulliExp(int numerator, int denominator, Func<int, int> below)
        {
            var count = 1;
            while (below(denominator * count) < numerator)
            {
                count++;
            }
            return count % 2 == 1;
        }
    }
}
