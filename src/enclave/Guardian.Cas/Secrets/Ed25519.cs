using System.Security.Cryptography;
using Guardian.Cas.Client.Sessions;
using Guardian.Crypto;

namespace Guardian.Cas.Secrets;

/// <summary>
/// Ed25519 (RFC 8032), which the base library lacks, from the libcrypto on which the base library is built (docs/decisions/0040).
/// </summary>
internal static class Ed25519
{
    /// <summary>The size of a private and of a public key, in bytes.</summary>
    public const int KeySize = 32;

    private const int SignatureSize = 64;

    // NID_ED25519.
    private const int Type = 1087;

    // RFC 8410: a SubjectPublicKeyInfo of this algorithm is these bytes and the key.
    private static ReadOnlySpan<byte> PublicPrefix => [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];

    /// <summary>AlgorithmIdentifier, DER.</summary>
    public static byte[] AlgorithmIdentifier => [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70];

    /// <summary>Writes a private key as PKCS#8, DER.</summary>
    public static byte[] WritePrivate(ReadOnlySpan<byte> seed) => [.. PemKey.Ed25519Prefix, .. seed];

    /// <summary>Writes a public key as SubjectPublicKeyInfo, DER.</summary>
    public static byte[] WritePublic(ReadOnlySpan<byte> key) => [.. PublicPrefix, .. key];

    /// <summary>Reads the private key that <see cref="WritePrivate"/> wrote; null for anything else.</summary>
    public static byte[]? TryReadPrivate(ReadOnlySpan<byte> pkcs8) =>
        PemKey.IsEd25519(pkcs8) ? pkcs8[PemKey.Ed25519Prefix.Length..].ToArray() : null;

    /// <summary>Computes the public half, 32 bytes.</summary>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> seed) => WithKey(seed, key =>
    {
        var result = new byte[KeySize];
        nuint size = KeySize;
        Check(Libcrypto.GetRawPublicKey(key, result, ref size) == 1);
        return result;
    });

    /// <summary>Signs data; the signature has 64 bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> seed, byte[] data) => WithKey(seed, key =>
    {
        var context = Libcrypto.NewDigestContext();
        try
        {
            var signature = new byte[SignatureSize];
            nuint size = SignatureSize;
            Check(
                Libcrypto.InitSigning(context, 0, 0, 0, key) == 1
                && Libcrypto.Sign(context, signature, ref size, data, (nuint)data.Length) == 1);
            return signature;
        }
        finally
        {
            Libcrypto.FreeDigestContext(context);
        }
    });

    private static byte[] WithKey(ReadOnlySpan<byte> seed, Func<nint, byte[]> work)
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

    private static void Check(bool succeeded)
    {
        if (!succeeded)
        {
            throw new CryptographicException("libcrypto refused an Ed25519 key");
        }
    }
}
