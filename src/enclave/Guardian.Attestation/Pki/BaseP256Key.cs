using System.Security.Cryptography;

namespace Guardian.Attestation.Pki;

/// <summary>A key in the base library, for every system. An import costs two verifications.</summary>
internal sealed class BaseP256Key : P256Key
{
    private readonly ECDsa key;

    private BaseP256Key(ECDsa key) => this.key = key;

    /// <inheritdoc cref="P256Key.TryImport"/>
    public static BaseP256Key? TryRead(ReadOnlySpan<byte> point)
    {
        try
        {
            return new BaseP256Key(ECDsa.Create(new ECParameters
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

    /// <inheritdoc/>
    public override void Dispose() => key.Dispose();

    /// <inheritdoc/>
    protected override bool VerifyDigest(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        try
        {
            return key.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // The signature is not DER.
            return false;
        }
    }
}
