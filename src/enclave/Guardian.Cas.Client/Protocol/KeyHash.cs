using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Guardian.Cas.Client.Protocol;

/// <summary>A person's key is named by a hash: SHA-256 of its SubjectPublicKeyInfo, 64 lower-case hex digits.</summary>
internal static class KeyHash
{
    // Twice a certificate with two quotes. Each mark of a beginning costs a search through the whole text.
    private const int MaxPemSize = 32 * 1024;

    /// <summary>Hashes a SubjectPublicKeyInfo, DER.</summary>
    public static string Of(ReadOnlySpan<byte> subjectPublicKeyInfo) => Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo));

    /// <summary>Whether the text is a SHA-256 hash in lower-case hex.</summary>
    public static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Reads any name of a key: its hash, the public key in base64, or a certificate or public key in PEM.</summary>
    /// <returns>The hash, or null when the text is none of these.</returns>
    public static string? TryRead(string text)
    {
        if (IsHash(text))
        {
            return text;
        }
        if (text.Length > MaxPemSize)
        {
            return null;
        }
        try
        {
            return Of(
                text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? ReadCertificateKey(text)
                : text.Contains("-----BEGIN", StringComparison.Ordinal) ? Normalise(DecodePem(text, "PUBLIC KEY"))
                : Normalise(Convert.FromBase64String(text)));
        }
        catch (Exception failure) when (failure is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Decodes a PEM text with a label.</summary>
    /// <exception cref="ArgumentException">The text is not PEM, is longer than keys are, or has another label.</exception>
    public static byte[] DecodePem(string pem, string label)
    {
        if (pem.Length > MaxPemSize)
        {
            throw new ArgumentException("the PEM text is longer than keys are", nameof(pem));
        }
        var fields = PemEncoding.Find(pem);
        return pem[fields.Label] == label
            ? Convert.FromBase64String(pem[fields.Base64Data])
            : throw new ArgumentException("the PEM text has another label", nameof(pem));
    }

    private static byte[] Normalise(byte[] subjectPublicKeyInfo) =>
        PublicKey.CreateFromSubjectPublicKeyInfo(subjectPublicKeyInfo, out _).ExportSubjectPublicKeyInfo();

    private static byte[] ReadCertificateKey(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }
}
