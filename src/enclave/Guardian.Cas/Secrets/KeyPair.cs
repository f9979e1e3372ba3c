using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>A private key of any type that sessions support. Not thread-safe.</summary>
internal abstract class KeyPair : IDisposable
{
    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public abstract byte[] PublicKeyInfo { get; }

    /// <summary>The algorithm's name in JOSE (RFC 7518, RFC 8037).</summary>
    public abstract string JoseAlgorithm { get; }

    /// <summary>The hash that its signatures use.</summary>
    public virtual HashAlgorithmName Hash => HashAlgorithmName.SHA256;

    /// <summary>Signs certificates with this key.</summary>
    public abstract X509SignatureGenerator CertificateSigner { get; }

    /// <summary>Signs data, in the signature format of JOSE.</summary>
    public abstract byte[] Sign(byte[] data);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Draws a new key.</summary>
    /// <returns>PKCS#8, DER.</returns>
    public static byte[] Create(KeyType type)
    {
        if (type == KeyType.Ed25519)
        {
            return Ed25519.WritePrivate(RandomNumberGenerator.GetBytes(Ed25519.KeySize));
        }
        using AsymmetricAlgorithm key = type switch
        {
            KeyType.P256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            KeyType.P384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            KeyType.Rsa2048 => RSA.Create(2048),
            _ => RSA.Create(3072),
        };
        return key.ExportPkcs8PrivateKey();
    }

    /// <summary>Opens a key that <see cref="Create"/> made or <see cref="PemKey.TryReadPrivate"/> accepted.</summary>
    /// <exception cref="CryptographicException">The bytes are not a private key of a supported type.</exception>
    public static KeyPair Open(ReadOnlySpan<byte> pkcs8)
    {
        if (Ed25519.TryReadPrivate(pkcs8) is { } seed)
        {
            return new EdwardsKey(seed);
        }
        var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return new EllipticKey(ecdsa);
        }
        catch (CryptographicException)
        {
            ecdsa.Dispose();
        }
        var rsa = RSA.Create();
        try
        {
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return new RsaKey(rsa);
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    private sealed class EllipticKey(ECDsa key) : KeyPair
    {
        public override byte[] PublicKeyInfo => key.ExportSubjectPublicKeyInfo();

        public override string JoseAlgorithm => key.KeySize == 384 ? "ES384" : "ES256";

        public override HashAlgorithmName Hash => key.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

        public override X509SignatureGenerator CertificateSigner => X509SignatureGenerator.CreateForECDsa(key);

        public override byte[] Sign(byte[] data) => key.SignData(data, Hash);

        protected override void Dispose(bool disposing)
        {
            key.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class RsaKey(RSA key) : KeyPair
    {
        public override byte[] PublicKeyInfo => key.ExportSubjectPublicKeyInfo();

        public override string JoseAlgorithm => "RS256";

        public override X509SignatureGenerator CertificateSigner => X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1);

        public override byte[] Sign(byte[] data) => key.SignData(data, Hash, RSASignaturePadding.Pkcs1);

        protected override void Dispose(bool disposing)
        {
            key.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class EdwardsKey(byte[] seed) : KeyPair
    {
        public override byte[] PublicKeyInfo => Ed25519.WritePublic(Ed25519.PublicKeyOf(seed));

        public override string JoseAlgorithm => "EdDSA";

        public override X509SignatureGenerator CertificateSigner => new Generator(seed, PublicKeyInfo);

        public override byte[] Sign(byte[] data) => Ed25519.Sign(seed, data);

        protected override void Dispose(bool disposing)
        {
            CryptographicOperations.ZeroMemory(seed);
            base.Dispose(disposing);
        }

        [SuppressMessage("Design", "CA1812", Justification = "made above")]
        private sealed class Generator(byte[] seed, byte[] publicKeyInfo) : X509SignatureGenerator
        {
            public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Ed25519.AlgorithmIdentifier;

            public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => Ed25519.Sign(seed, data);

            protected override PublicKey BuildPublicKey() => PublicKey.CreateFromSubjectPublicKeyInfo(publicKeyInfo, out _);
        }
    }
}
