using System.Numerics;
using System.Security.Cryptography;

namespace Guardian.CleanRoom.Privacy;

/// <summary>Draws random whole numbers below a bound, each with the same probability.</summary>
internal interface IRandomIntegers
{
    /// <summary>Draws a number from 0 to <paramref name="bound"/> - 1.</summary>
    /// <param name="bound">At least 1.</param>
    BigInteger Below(BigInteger bound);
}

/// <summary>The operating system's generator.</summary>
internal sealed class SecureRandomIntegers : IRandomIntegers
{
    /// <inheritdoc/>
    public BigInteger Below(BigInteger bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, BigInteger.One);
        // Draw as many bits as the bound has and retry when the number is too large: every number has the same probability.
        var bits = (int)(bound - 1).GetBitLength();
        var bytes = new byte[(bits + 7) / 8 + 1];
        while (true)
        {
            RandomNumberGenerator.Fill(bytes);
            var number = new BigInteger(bytes, isUnsigned: true) & ((BigInteger.One << bits) - 1);
            if (number < bound)
            {
                return number;
            }
        }
    }
}

/// <summary>
/// Two-sided geometric noise, P(x) ∝ exp(-|x|/scale), sampled exactly in whole numbers, so that no rounding of floating point discloses
/// anything (Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", 2020, algorithms 1 and 2).
/// </summary>
public static class DiscreteLaplace
{
    /// <summary>Computes the variance: 2r / (1 - r)², with r = exp(-1/scale).</summary>
    public static double Variance(double scale)
    {
        var r = Math.Exp(-1 / scale);
        return 2 * r / ((1 - r) * (1 - r));
    }

    /// <summary>Draws a number.</summary>
    /// <param name="numerator">The scale is numerator / denominator; for counts, 1 / epsilon.</param>
    /// <param name="denominator">At least 1.</param>
    /// <param name="random">The source of randomness.</param>
    internal static BigInteger Sample(BigInteger numerator, BigInteger denominator, IRandomIntegers random)
    {
        ArgumentNullException.ThrowIfNull(random);
        while (true)
        {
            // A geometric number with ratio exp(-1/numerator), in two parts, then scaled down by the denominator.
            var remainder = random.Below(numerator);
            if (!BernoulliExp(remainder, numerator, random))
            {
                continue;
            }
            var quotient = BigInteger.Zero;
            while (BernoulliExp(1, 1, random))
            {
                quotient++;
            }
            var magnitude = (remainder + (numerator * quotient)) / denominator;
            var isNegative = random.Below(2).IsOne;
            // Zero has one sign, or it would be twice as frequent as it should be.
            if (isNegative && magnitude.IsZero)
            {
                continue;
            }
            return isNegative ? -magnitude : magnitude;
        }
    }

    // True with probability exp(-numerator/denominator), for a fraction from 0 to 1.
    private static bool BernoulliExp(BigInteger numerator, BigInteger denominator, IRandomIntegers random)
    {
        var count = 1;
        while (random.Below(denominator * count) < numerator)
        {
            count++;
        }
        return count % 2 == 1;
    }
}
