using System.Security.Cryptography;

namespace Guardian.Attestation;

/// <summary>ECDSA on P-256 with SHA-256 over foreign keys and signatures: wrong ones give false, never an exception.</summary>
internal static class P256
{
    /// <summary>Bytes of a public key as x and y, and of a signature as r and s, big-endian.</summary>
    public const int Size = 64;

    /// <param name="key">x and y, <see cref="Size"/> bytes.</param>
    /// <param name="signature">r and s, <see cref="Size"/> bytes; or DER when <paramref name="format"/> says so.</param>
    public static bool Verify(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature,
        DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
    {
        try
        {
            using var imported = Import(key);
            return imported.VerifyData(data, signature, HashAlgorithmName.SHA256, format);
        }
        catch (CryptographicException)
        {
            // Not a point on the curve.
            return false;
        }
    }

    /// <exception cref="CryptographicException">Not a point on the curve.</exception>
    public static ECDsa Import(ReadOnlySpan<byte> key) => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = key[..32].ToArray(), Y = key[32..].ToArray() },
    });

    /// <summary>x and y of a key.</summary>
    public static byte[] Export(ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return [.. point.X!, .. point.Y!];
    }
}
