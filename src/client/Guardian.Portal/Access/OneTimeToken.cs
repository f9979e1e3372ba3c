using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Portal.Access;

/// <summary>The token in a link that opens the page once. A new one replaces the one before. Thread-safe.</summary>
internal sealed class OneTimeToken
{
    // 256 bits: guessing needs no limit of attempts.
    private const int Size = 32;

    private readonly Lock guard = new();

    // Only the hash is kept, so a copy of this process's memory after the use does not hold the token.
    private byte[]? expected;

    /// <summary>Draws a token, base64url.</summary>
    public string Issue()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));
        lock (guard)
        {
            expected = HashOf(token);
        }
        return token;
    }

    /// <summary>Uses a token up.</summary>
    /// <returns>Whether it was the one that was issued last, and not used before.</returns>
    public bool TryUse(string? token)
    {
        var found = HashOf(token ?? "");
        lock (guard)
        {
            if (expected is null || !CryptographicOperations.FixedTimeEquals(found, expected))
            {
                return false;
            }
            expected = null;
            return true;
        }
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
