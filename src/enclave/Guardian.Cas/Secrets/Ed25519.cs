using System.Security.Cryptography;
using Guardian.Crypto;

namespace Guardian.Cas.Secrets;

/// <summary>Ed25519 (RFC 8032), which the base library lacks, from the libcrypto that the base library itself stands on (docs/decisions/0040).</summary>
internal static class Ed25519
{
    /// <summary>Bytes of a private and of a public key.</summary>
    public const int KeySize = 32;

    private const int SignatureSize = 64;

    // NID_ED25519.
    private const int Type = 1087;

    // RFC 8410: PrivateKeyInfo and SubjectPublicKeyInfo of this algorithm are these bytes and the key.
    private static ReadOnlySpan<byte> PrivatePrefix => [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    private static ReadOnlySpan<byte> PublicPrefix => [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];

    /// <summary>AlgorithmIdentifier, DER.</summary>
    public static byte[] AlgorithmIdentifier => [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70];

    /// <summary>PKCS#8, DER.</summary>
    public static byte[] WritePrivate(ReadOnlySpan<byte> seed) => [.. PrivatePrefix, .. seed];

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public static byte[] WritePublic(ReadOnlySpan<byte> key) => [.. PublicPrefix, .. key];

    /// <summary>The private key of <see cref="WritePrivate"/>; null when it is something else.</summary>
    public static byte[]? TryReadPrivate(ReadOnlySpan<byte> pkcs8) =>
        pkcs8.Length == PrivatePrefix.Length + KeySize && pkcs8.StartsWith(PrivatePrefix) ? pkcs8[PrivatePrefix.Length..].ToArray() : null;

    /// <summary>The public half, 32 bytes.</summary>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> seed) => Using(seed, key =>
    {
        var result = new byte[KeySize];
        nuint size = KeySize;
        Check(Libcrypto.GetRawPublicKey(key, result, ref size) == 1);
        return result;
    });

    /// <summary>Signs, 64 bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> seed, byte[] data) => Using(seed, key =>
    {
        var context = Libcrypto.NewDigestContext();
        try
        {
            var signature = new byte[SignatureSize];
            nuint size = SignatureSize;
            Check(Libcrypto.InitSigning(context, 0, 0, 0, key) == 1 && Libcrypto.Sign(context, signature, ref size, data, (nuint)data.Length) == 1);
            return signature;
        }
        finally
        {
            Libcrypto.FreeDigestContext(context);
        }
    });

    private static byte[] Using(ReadOnlySpan<byte> seed, Func<nint, byte[]> work)
    {
        var key = Libcrypto.NewRawPrivateKey(Type, 0, seed, (nuint)seed.Length);
        Check(key != 0);
        try
        {
            return work(key);
        }
        finally
        {
            Libcrypto.FreeKey(key);
        }
    }

    private static void Check(bool isDone)
    {
        if (!isDone)
        {
            throw new CryptographicException("libcrypto refused an Ed25519 key");
        }
    }
}
