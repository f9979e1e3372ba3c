using System.Security.Cryptography;

namespace Guardian.Attestation.Pki;

/// <summary>
/// A foreign public key on P-256 for ECDSA with SHA-256. An import costs two verifications, so each key is imported once. A wrong
/// signature gives false, never an exception. Serves one thread at a time.
/// </summary>
internal sealed class P256Key : IDisposable
{
    /// <summary>Bytes of a public key as x and y, and of a signature as r and s, big-endian.</summary>
    public const int Size = 64;

    // A SubjectPublicKeyInfo of this curve has one form only, so the bytes before the point are compared instead of parsed.
    private static ReadOnlySpan<byte> InfoHead =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    private readonly ECDsa key;

    private P256Key(ECDsa key) => this.key = key;

    /// <summary>Imports a key.</summary>
    /// <param name="point">x and y, <see cref="Size"/> bytes.</param>
    /// <returns>The key, or null when the point is not on the curve.</returns>
    public static P256Key? TryImport(ReadOnlySpan<byte> point)
    {
        try
        {
            return new P256Key(ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = point[..32].ToArray(), Y = point[32..].ToArray() },
            }));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <param name="data">The signed bytes.</param>
    /// <param name="signature">r and s, <see cref="Size"/> bytes.</param>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        Verify(data, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <param name="data">The signed bytes.</param>
    /// <param name="signature">DER sequence of r and s.</param>
    public bool VerifyDer(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        Verify(data, signature, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>Verifies once with a key that the caller does not use again.</summary>
    public static bool Verify(ReadOnlySpan<byte> point, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var imported = TryImport(point);
        return imported is not null && imported.Verify(data, signature);
    }

    /// <summary>Finds x and y in a DER SubjectPublicKeyInfo; false when it is another kind of key.</summary>
    public static bool TryReadInfo(ReadOnlySpan<byte> subjectPublicKeyInfo, out ReadOnlySpan<byte> point)
    {
        var isKnown = subjectPublicKeyInfo.Length == InfoHead.Length + Size && subjectPublicKeyInfo.StartsWith(InfoHead);
        point = isKnown ? subjectPublicKeyInfo[InfoHead.Length..] : default;
        return isKnown;
    }

    /// <summary>Writes the DER SubjectPublicKeyInfo of x and y.</summary>
    public static byte[] WriteInfo(ReadOnlySpan<byte> point) => [.. InfoHead, .. point];

    /// <summary>Returns x and y of a key.</summary>
    public static byte[] Export(ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return [.. point.X!, .. point.Y!];
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    private bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, DSASignatureFormat format)
    {
        try
        {
            return key.VerifyData(data, signature, HashAlgorithmName.SHA256, format);
        }
        catch (CryptographicException)
        {
            // The signature is not DER.
            return false;
        }
    }
}
