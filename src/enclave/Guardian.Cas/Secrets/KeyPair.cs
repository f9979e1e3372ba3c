using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>A private key of any kind that sessions know. Not thread-safe.</summary>
internal abstract class KeyPair : IDisposable
{
    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public abstract byte[] PublicKeyInfo { get; }

    /// <summary>The algorithm's name in JOSE (RFC 7518, RFC 8037).</summary>
    public abstract string JoseAlgorithm { get; }

    /// <summary>The hash that goes with it.</summary>
    public virtual HashAlgorithmName Hash => HashAlgorithmName.SHA256;

    /// <summary>Signs certificates.</summary>
    public abstract X509SignatureGenerator CertificateSigner { get; }

    /// <summary>Signs as JOSE writes signatures.</summary>
    public abstract byte[] Sign(byte[] data);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a key.</summary>
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

    /// <summary>Opens a key that <see cref="Create"/> made or <see cref="TryReadPrivate"/> accepted.</summary>
    /// <exception cref="CryptographicException">It is neither.</exception>
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

    /// <summary>PKCS#8 of a PEM private key, or null when it is none that sessions know.</summary>
    public static byte[]? TryReadPrivate(string pem)
    {
        try
        {
            var pkcs8 = SessionFields.Der(pem, "PRIVATE KEY");
            using var key = Open(pkcs8);
            return key.IsKnown ? pkcs8 : null;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    /// <summary>SubjectPublicKeyInfo of a PEM public key, or null when it is none.</summary>
    public static byte[]? TryReadPublic(string pem)
    {
        try
        {
            return PublicKey.CreateFromSubjectPublicKeyInfo(SessionFields.Der(pem, "PUBLIC KEY"), out _).ExportSubjectPublicKeyInfo();
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether it is of a kind that sessions know.</summary>
    protected abstract bool IsKnown { get; }

    protected virtual void Dispose(bool disposing)
    {
    }

    private sealed class EllipticKey(ECDsa key) : KeyPair
    {
        public override byte[] PublicKeyInfo => key.ExportSubjectPublicKeyInfo();

        public override string JoseAlgorithm => key.KeySize == 384 ? "ES384" : "ES256";

        public override HashAlgorithmName Hash => key.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

        public override X509SignatureGenerator CertificateSigner => X509SignatureGenerator.CreateForECDsa(key);

        protected override bool IsKnown => key.ExportParameters(false).Curve.Oid.Value is "1.2.840.10045.3.1.7" or "1.3.132.0.34";

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

        protected override bool IsKnown => key.KeySize is >= 2048 and <= 4096;

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

        protected override bool IsKnown => true;

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
