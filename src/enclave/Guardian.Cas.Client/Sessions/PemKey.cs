using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads keys that a session gives in PEM. Never throws for any content.</summary>
internal static class PemKey
{
    /// <summary>RFC 8410: the PrivateKeyInfo of an Ed25519 key is these bytes and the 32 bytes of the key.</summary>
    public static ReadOnlySpan<byte> Ed25519Prefix =>
        [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    // RFC 8017, A.1: rsaEncryption, DER.
    private static ReadOnlySpan<byte> RsaIdentifier => [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];

    // RFC 5480, 2.1.1.1: secp384r1, DER.
    private static ReadOnlySpan<byte> P384Identifier => [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22];

    /// <summary>Reads a private key of P-256, P-384, Ed25519, or RSA of 2048 to 4096 bits.</summary>
    /// <returns>PKCS#8, DER; null for anything else.</returns>
    /// <param name="pem">The text.</param>
    /// <param name="mayCheck">Says whether a slow key is checked; null for always. A key that is not checked is accepted here.</param>
    public static byte[]? TryReadPrivate(string pem, Func<bool>? mayCheck = null) => TryRead(() =>
    {
        var pkcs8 = KeyHash.DecodePem(pem, "PRIVATE KEY");
        return (IsSlow(pkcs8) && mayCheck?.Invoke() == false)
            || (IsRsa(pkcs8) ? IsSupportedRsa(pkcs8) : IsEd25519(pkcs8) || IsSupportedCurve(pkcs8)) ? pkcs8 : null;
    });

    /// <summary>Reads a public key.</summary>
    /// <returns>SubjectPublicKeyInfo, DER; null for anything else.</returns>
    public static byte[]? TryReadPublic(string pem) => TryRead(() =>
        PublicKey.CreateFromSubjectPublicKeyInfo(KeyHash.DecodePem(pem, "PUBLIC KEY"), out _).ExportSubjectPublicKeyInfo());

    /// <summary>Whether a PKCS#8 key, DER, is an Ed25519 key.</summary>
    public static bool IsEd25519(ReadOnlySpan<byte> pkcs8) => pkcs8.Length == Ed25519Prefix.Length + 32 && pkcs8.StartsWith(Ed25519Prefix);

    /// <summary>Whether a PKCS#8 key, DER, says that it is an RSA key. Its content is not read.</summary>
    public static bool IsRsa(ReadOnlySpan<byte> pkcs8) => pkcs8[..Math.Min(pkcs8.Length, 32)].IndexOf(RsaIdentifier) >= 0;

    /// <summary>Whether checking a PKCS#8 key, DER, takes milliseconds: an RSA or P-384 key. Its content is not read.</summary>
    public static bool IsSlow(ReadOnlySpan<byte> pkcs8) =>
        IsRsa(pkcs8) || pkcs8[..Math.Min(pkcs8.Length, 32)].IndexOf(P384Identifier) >= 0;

    private static byte[]? TryRead(Func<byte[]?> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static bool IsSupportedCurve(byte[] pkcs8)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return key.ExportParameters(false).Curve is { IsNamed: true, Oid.Value: "1.2.840.10045.3.1.7" or "1.3.132.0.34" };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool IsSupportedRsa(byte[] pkcs8)
    {
        using var key = RSA.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key.KeySize is >= 2048 and <= 4096;
    }
}
