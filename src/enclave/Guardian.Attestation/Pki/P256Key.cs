using System.Security.Cryptography;

namespace Guardian.Attestation.Pki;

/// <summary>
/// A foreign public key on P-256 for ECDSA with SHA-256. A wrong signature gives false, never an exception. Serves one thread at a time.
/// </summary>
internal abstract class P256Key : IDisposable
{
    /// <summary>Bytes of a public key as x and y, and of a signature as r and s, big-endian.</summary>
    public const int Size = 64;

    // A SubjectPublicKeyInfo of this curve has one form only, so the bytes before the point are compared instead of parsed.
    private static ReadOnlySpan<byte> InfoHead =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    /// <summary>Imports a key.</summary>
    /// <param name="point">x and y, <see cref="Size"/> bytes.</param>
    /// <returns>The key, or null when the point is not on the curve.</returns>
    public static P256Key? TryImport(ReadOnlySpan<byte> point) =>
        LibcryptoP256Key.IsAvailable ? LibcryptoP256Key.TryRead(point) : BaseP256Key.TryRead(point);

    /// <param name="data">The signed bytes.</param>
    /// <param name="signature">r and s, <see cref="Size"/> bytes.</param>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> der = stackalloc byte[EcdsaSignature.MaximumDerSize];
        return signature.Length == Size && VerifyDer(data, der[..EcdsaSignature.WriteDer(signature, der)]);
    }

    /// <param name="data">The signed bytes.</param>
    /// <param name="signature">DER sequence of r and s.</param>
    public bool VerifyDer(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, digest);
        return VerifyDigest(digest, signature);
    }

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
    public abstract void Dispose();

    /// <summary>Verifies a signature in DER over a SHA-256 digest.</summary>
    protected abstract bool VerifyDigest(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature);
}
