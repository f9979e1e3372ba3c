using System.Numerics;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Two-sided geometric noise, P(x) ∝ exp(-|x|/scale), in whole numbers. The number of random bytes, comparisons and steps follows from
/// the scale alone, so that neither time nor memory accesses tell anything about the number that was drawn.
/// </summary>
/// <remarks>
/// The difference of two geometric numbers with ratio r = exp(-1/scale) has this distribution. The binary digits of a geometric number
/// are independent: digit j is 1 with probability 1 / (1 + exp(2^j/scale)). So each digit is one comparison of 16 random bytes with a
/// threshold. A threshold is the probability rounded down to a multiple of 2^-128, and digits beyond exp(-90) are left out: the numbers are
/// within a statistical distance of 2^-119 of the distribution (docs/spec/privacy.md).
/// </remarks>
public static class DiscreteLaplace
{
    /// <summary>Random bytes of each digit.</summary>
    internal const int DrawSize = 16;

    // Digits until 2^digits / scale exceeds this: a geometric number exceeds all digits with a chance of exp(-90) < 2^-129.
    private const int Tail = 90;

    // A contract allows no scale that needs more; a signed 128-bit number has room for all.
    private const int MaxDigits = 120;

    // Fractional bits of the fixed-point numbers from which thresholds are computed.
    private const int Precision = 320;

    // exp(-y) is computed as exp(-y/2^Halvings) to the power of 2^Halvings.
    private const int Halvings = 16;

    /// <summary>Computes the variance: 2r / (1 - r)², with r = exp(-1/scale).</summary>
    /// <param name="scale">The scale, greater than 0.</param>
    /// <returns>The variance.</returns>
    public static double Variance(double scale)
    {
        var r = Math.Exp(-1 / scale);
        return 2 * r / ((1 - r) * (1 - r));
    }

    /// <summary>Computes the thresholds of a scale, one for each digit. The scale is public, and so is the time that this takes.</summary>
    /// <param name="numerator">The scale is numerator / denominator; for counts, 1 / epsilon.</param>
    /// <param name="denominator">At least 1.</param>
    internal static IReadOnlyList<UInt128> ThresholdsOf(BigInteger numerator, BigInteger denominator)
    {
        var digits = 1;
        while ((BigInteger.One << digits) * denominator < numerator * Tail)
        {
            digits++;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, MaxDigits, nameof(numerator));
        return [.. Enumerable.Range(0, digits).Select(digit =>
        {
            // e / (1 + e), with e = exp(-2^digit / scale).
            var e = ExpOfMinus((denominator << (Precision + digit)) / numerator);
            var one = BigInteger.One << Precision;
            return (UInt128)((e << 128) / (one + e));
        })];
    }

    /// <summary>Draws a number.</summary>
    /// <param name="thresholds">The thresholds of the scale.</param>
    /// <param name="random">The source of randomness; it is asked once, for two draws for each threshold.</param>
    internal static Int128 Sample(IReadOnlyList<UInt128> thresholds, IRandomBytes random)
    {
        Span<byte> drawn = stackalloc byte[2 * MaxDigits * DrawSize];
        drawn = drawn[..(2 * thresholds.Count * DrawSize)];
        random.Fill(drawn);
        var draws = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(drawn);
        var (plus, minus) = (UInt128.Zero, UInt128.Zero);
        for (var digit = 0; digit < thresholds.Count; digit++)
        {
            var (high, low) = unchecked(((ulong)(thresholds[digit] >> 64), (ulong)thresholds[digit]));
            var at = 4 * digit;
            // Digits do not overlap, so that there is no carry.
            plus |= (UInt128)IsBelow(draws[at], draws[at + 1], high, low) << digit;
            minus |= (UInt128)IsBelow(draws[at + 2], draws[at + 3], high, low) << digit;
        }
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(drawn);
        return unchecked((Int128)plus - (Int128)minus);
    }

    /// <summary>Compares two numbers of 128 bits without a branch.</summary>
    /// <returns>1 when the first is smaller, else 0.</returns>
    internal static ulong IsBelow(ulong high, ulong low, ulong otherHigh, ulong otherLow) =>
        Borrow(high, otherHigh, Borrow(low, otherLow, 0));

    // The borrow of a - b - before (Warren, Hacker's Delight, 2-13).
    private static ulong Borrow(ulong a, ulong b, ulong before) => unchecked(((~a & b) | (~(a ^ b) & (a - b - before))) >> 63);

    // Fixed-point numbers with the same number of fractional bits. Each of the roundings is below 2^-Precision, and the squarings double a
    // relative error 16 times, so that more than 290 bits are right.
    private static BigInteger ExpOfMinus(BigInteger y)
    {
        var (one, small) = (BigInteger.One << Precision, y >> Halvings);
        var (sum, term) = (one, one);
        for (var k = 1; !term.IsZero; k++)
        {
            term = ((term * small) >> Precision) / k;
            sum += k % 2 == 1 ? -term : term;
        }
        for (var k = 0; k < Halvings; k++)
        {
            sum = (sum * sum) >> Precision;
        }
        return sum;
    }
}
