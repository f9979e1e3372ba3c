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

    /// <summary>Reads a private key of P-256, P-384, Ed25519, or RSA of 2048 to 4096 bits.</summary>
    /// <returns>PKCS#8, DER; null for anything else.</returns>
    public static byte[]? TryReadPrivate(string pem) => TryRead(() =>
    {
        var pkcs8 = KeyHash.DecodePem(pem, "PRIVATE KEY");
        return IsEd25519(pkcs8) || IsSupportedCurve(pkcs8) || IsSupportedRsa(pkcs8) ? pkcs8 : null;
    });

    /// <summary>Reads a public key.</summary>
    /// <returns>SubjectPublicKeyInfo, DER; null for anything else.</returns>
    public static byte[]? TryReadPublic(string pem) => TryRead(() =>
        PublicKey.CreateFromSubjectPublicKeyInfo(KeyHash.DecodePem(pem, "PUBLIC KEY"), out _).ExportSubjectPublicKeyInfo());

    /// <summary>Whether a PKCS#8 key, DER, is an Ed25519 key.</summary>
    public static bool IsEd25519(ReadOnlySpan<byte> pkcs8) => pkcs8.Length == Ed25519Prefix.Length + 32 && pkcs8.StartsWith(Ed25519Prefix);

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
