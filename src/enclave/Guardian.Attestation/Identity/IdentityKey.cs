using System.Buffers.Text;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Files.Durable;

namespace Guardian.Attestation.Identity;

/// <summary>
/// The P-256 key of a person or service: it identifies a TLS client and a signer of contracts. Stored as PKCS#8 PEM with mode 0600. One
/// thread at a time may use an instance; the static methods are thread-safe.
/// </summary>
public sealed class IdentityKey : IDisposable
{
    private const int SignatureSize = 64;
    private const string EncryptedLabel = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

    // PBKDF2-HMAC-SHA256, as OWASP advised in 2023; about half a second for each guess of an attacker's core.
    private const int PassphraseIterations = 600_000;

    private readonly ECDsa key;

    // Null when the key itself is here.
    private readonly SafeEvpPKeyHandle? handle;

    private IdentityKey(ECDsa key, SafeEvpPKeyHandle? handle = null) => (this.key, this.handle) = (key, handle);

    /// <summary>Base64 of <see cref="SubjectPublicKeyInfo"/>, 124 characters: contracts and sessions name a key by it.</summary>
    public string PublicKey => Convert.ToBase64String(SubjectPublicKeyInfo);

    /// <summary>DER SubjectPublicKeyInfo, 91 bytes.</summary>
    public byte[] SubjectPublicKeyInfo => key.ExportSubjectPublicKeyInfo();

    /// <summary>The key's thumbprint (RFC 7638, SHA-256), base64url: the <c>kid</c> of its signatures.</summary>
    public string Thumbprint
    {
        get
        {
            var point = key.ExportParameters(includePrivateParameters: false).Q;
            // RFC 7638, 3.2: the required members in the order of their names, without white space.
            var (x, y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
            var json = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
            return Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(json)));
        }
    }

    /// <summary>Makes a key.</summary>
    /// <returns>The key; the caller disposes it.</returns>
    public static IdentityKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Uses a key of OpenSSL, which may be in a token that never gives it out.</summary>
    /// <param name="handle">The private key, which is copied.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">It is no P-256 key.</exception>
    /// <exception cref="CryptographicException">The token does not work.</exception>
    [UnsupportedOSPlatform("windows")]
    public static IdentityKey Open(SafeEvpPKeyHandle handle)
    {
        var own = handle.DuplicateHandle();
        ECDsaOpenSsl? key = null;
        try
        {
            key = new ECDsaOpenSsl(own);
            if (P256Key.TryReadInfo(key.ExportSubjectPublicKeyInfo(), out _))
            {
                return new IdentityKey(key, own);
            }
        }
        catch
        {
            key?.Dispose();
            own.Dispose();
            throw;
        }
        key.Dispose();
        own.Dispose();
        throw new InvalidDataException("the key is no P-256 key");
    }

    /// <summary>Reads a key from its file.</summary>
    /// <param name="path">The file: a private key in PEM.</param>
    /// <param name="passphrase">Gives the passphrase of a file that has one; null refuses such a file.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">
    /// The file holds no P-256 private key in PEM, or none that opens with the passphrase.
    /// </exception>
    public static IdentityKey Load(string path, Func<string>? passphrase = null)
    {
        var pem = File.ReadAllText(path);
        if (!pem.Contains(EncryptedLabel, StringComparison.Ordinal))
        {
            return Read(key => key.ImportFromPem(pem))
                ?? throw new InvalidDataException($"{path} holds no P-256 private key in PEM; make one with: guardian key create FILE");
        }
        if (passphrase is null)
        {
            throw new InvalidDataException($"{path} is protected by a passphrase");
        }
        var given = passphrase();
        return Read(key => key.ImportFromEncryptedPem(pem, given))
            ?? throw new InvalidDataException($"{path} holds no P-256 private key that opens with this passphrase");
    }

    /// <summary>Writes the key to a new file of mode 0600.</summary>
    /// <param name="path">The file, which must not exist.</param>
    /// <param name="passphrase">The passphrase without which the file is of no use; null for none.</param>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    /// <exception cref="CryptographicException">The key is in a token that does not give it out.</exception>
    public void Save(string path, string? passphrase = null)
    {
        var pem = passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(
                passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, PassphraseIterations));
        using var file = new FileStream(path, DurableFile.OptionsFor(FileMode.CreateNew, FileAccess.Write));
        file.Write(Encoding.ASCII.GetBytes(pem + "\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Makes a self-signed certificate of this key, by which a TLS server recognises it. Only the key has a meaning.</summary>
    /// <param name="now">The present instant; the certificate is valid from a day before to a year after.</param>
    /// <returns>The certificate with its private key; the caller disposes it.</returns>
    public X509Certificate2 CreateClientCertificate(DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=Guardian client", key, HashAlgorithmName.SHA256);
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }
        // TLS of Windows uses a key only if it was imported with the certificate.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }

    /// <summary>Signs with ECDSA and SHA-256.</summary>
    /// <param name="data">The bytes to sign.</param>
    /// <returns>r and s, 64 bytes, big-endian.</returns>
    public byte[] Sign(ReadOnlySpan<byte> data) => key.SignData(data, HashAlgorithmName.SHA256);

    /// <summary>Agrees on a secret with the holder of another P-256 key (ECDH).</summary>
    /// <param name="subjectPublicKeyInfo">The other public key, DER.</param>
    /// <returns>The x coordinate, 32 bytes, from which the caller derives a key for its purpose; null if the input is no P-256
    /// key.</returns>
    /// <exception cref="InvalidDataException">The key is in a token that does not let it derive secrets.</exception>
    public byte[]? TryAgree(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        using var own = !OperatingSystem.IsWindows() && handle is not null
            ? new ECDiffieHellmanOpenSsl(handle)
            : ECDiffieHellman.Create(key.ExportParameters(includePrivateParameters: true));
        using var other = ECDiffieHellman.Create();
        try
        {
            other.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            using var publicKey = other.PublicKey;
            return own.DeriveRawSecretAgreement(publicKey);
        }
        catch (CryptographicException failure) when (handle is not null && IsPublicKey(subjectPublicKeyInfo))
        {
            throw new InvalidDataException("the token does not let this key derive secrets (CKA_DERIVE)", failure);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Verifies a signature of <see cref="Sign"/>.</summary>
    /// <param name="subjectPublicKeyInfo">The signer's public key, DER.</param>
    /// <param name="data">The signed bytes.</param>
    /// <param name="signature">r and s, 64 bytes, big-endian.</param>
    /// <returns>Whether the signature holds; false for a malformed key or signature. Never throws for any content.</returns>
    public static bool Verify(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize
        && P256Key.TryReadInfo(subjectPublicKeyInfo, out var point) && P256Key.Verify(point, data, signature);

    /// <summary>Whether a text is a public key exactly as <see cref="PublicKey"/> writes it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>False for other curves, for points off the curve, and for other spellings of the same key.</returns>
    public static bool IsPublicKey(string text)
    {
        var bytes = new byte[256];
        // Base64 ignores white space and the last bits before its padding. A key with two spellings could pass for two keys.
        return Convert.TryFromBase64String(text, bytes, out var size) && Convert.ToBase64String(bytes, 0, size) == text
            && IsPublicKey(bytes.AsSpan(0, size));
    }

    /// <summary>Whether bytes are a P-256 public key as <see cref="SubjectPublicKeyInfo"/> writes it.</summary>
    /// <param name="subjectPublicKeyInfo">DER.</param>
    /// <returns>False for other curves, for points off the curve, and for other spellings of the same key. Never throws for any
    /// content.</returns>
    public static bool IsPublicKey(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        using var imported = P256Key.TryReadInfo(subjectPublicKeyInfo, out var point) ? P256Key.TryImport(point) : null;
        return imported is not null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        key.Dispose();
        handle?.Dispose();
    }

    private static IdentityKey? Read(Action<ECDsa> import)
    {
        var key = ECDsa.Create();
        try
        {
            import(key);
            // Other curves also have keys of 256 bits.
            if (P256Key.TryReadInfo(key.ExportSubjectPublicKeyInfo(), out _) && key.ExportParameters(true).D is not null)
            {
                return new IdentityKey(key);
            }
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or PlatformNotSupportedException)
        {
            // The caller explains every kind of malformed key.
        }
        key.Dispose();
        return null;
    }
}
