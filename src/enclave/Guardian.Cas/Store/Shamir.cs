using System.Security.Cryptography;

namespace Guardian.Cas.Store;

/// <summary>
/// Shamir's secret sharing over GF(256), the field of AES (FIPS 197, 4.2). Each byte of the secret is the constant of a random polynomial,
/// and a share is the polynomial's value at x. No branch and no memory access depends on a secret.
/// </summary>
internal static class Shamir
{
    /// <summary>Splits a secret.</summary>
    /// <param name="threshold">How many shares recover it; fewer reveal nothing.</param>
    /// <param name="count">How many shares to make, at most 255.</param>
    /// <returns>Shares for x = 1, 2, …, each as long as the secret.</returns>
    public static IReadOnlyList<byte[]> Split(ReadOnlySpan<byte> secret, int threshold, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, byte.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, count);
        var coefficients = RandomNumberGenerator.GetBytes((threshold - 1) * secret.Length);
        var shares = new List<byte[]>();
        for (var x = 1; x <= count; x++)
        {
            var share = new byte[secret.Length];
            for (var i = 0; i < share.Length; i++)
            {
                // Horner's rule, from the highest coefficient.
                var value = 0;
                for (var power = threshold - 2; power >= 0; power--)
                {
                    value = Multiply(value, x) ^ coefficients[(power * secret.Length) + i];
                }
                share[i] = (byte)(Multiply(value, x) ^ secret[i]);
            }
            shares.Add(share);
        }
        CryptographicOperations.ZeroMemory(coefficients);
        return shares;
    }

    /// <summary>Combines shares: Lagrange's polynomial at 0. Too few or false shares give another secret, undetected.</summary>
    /// <param name="shares">Shares of one length, with different x that are not 0.</param>
    public static byte[] Combine(IReadOnlyList<(byte X, byte[] Share)> shares)
    {
        ArgumentNullException.ThrowIfNull(shares);
        var secret = new byte[shares[0].Share.Length];
        foreach (var (x, share) in shares)
        {
            var weight = 1;
            foreach (var (other, _) in shares)
            {
                if (other != x)
                {
                    weight = Multiply(weight, Multiply(other, Invert(x ^ other)));
                }
            }
            for (var i = 0; i < secret.Length; i++)
            {
                secret[i] ^= (byte)Multiply(weight, share[i]);
            }
        }
        return secret;
    }

    internal static int Multiply(int one, int other)
    {
        var product = 0;
        for (var bit = 0; bit < 8; bit++)
        {
            product ^= -(other & 1) & one;
            one = (one << 1) ^ (-((one >> 7) & 1) & 0x11B);
            other >>= 1;
        }
        return product;
    }

    // The inverse is x to the power of 254, since the field's multiplicative group has 255 elements.
    private static int Invert(int x)
    {
        var result = 1;
        for (var bit = 0; bit < 7; bit++)
        {
            x = Multiply(x, x);
            result = Multiply(result, x);
        }
        return result;
    }
}
