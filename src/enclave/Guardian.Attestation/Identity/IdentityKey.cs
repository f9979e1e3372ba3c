using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Identity;

/// <summary>The P-256 key by which a person or service is known: as TLS client and as signer of contracts. Kept as PKCS#8 PEM with mode
/// 0600.</summary>
public sealed class IdentityKey : IDisposable
{
    private const int SignatureSize = 64;

    private readonly ECDsa key;

    private IdentityKey(ECDsa key) => this.key = key;

    /// <summary>Base64 of <see cref="SubjectPublicKeyInfo"/>: how contracts and sessions name a key.</summary>
    public string PublicKey => Convert.ToBase64String(SubjectPublicKeyInfo);

    /// <summary>DER SubjectPublicKeyInfo, 91 bytes.</summary>
    public byte[] SubjectPublicKeyInfo => key.ExportSubjectPublicKeyInfo();

    /// <summary>Makes a key.</summary>
    public static IdentityKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a key from its file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It holds no P-256 private key in PEM.</exception>
    public static IdentityKey Load(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            // Other curves have keys of 256 bits too.
            if (P256Key.TryReadInfo(key.ExportSubjectPublicKeyInfo(), out _) && key.ExportParameters(true).D is not null)
            {
                return new IdentityKey(key);
            }
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or PlatformNotSupportedException)
        {
            // Said below, for every way in which it is not one.
        }
        catch
        {
            key.Dispose();
            throw;
        }
        key.Dispose();
        throw new InvalidDataException($"{path} holds no P-256 private key in PEM; make one with: guardian key create FILE");
    }

    /// <summary>Writes the key to a new file of mode 0600.</summary>
    /// <exception cref="IOException">The file is there already, or cannot be written.</exception>
    public void Save(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>A self-signed certificate of this key, by which a TLS server recognises it. Only the key counts; the name says
    /// so.</summary>
    public X509Certificate2 CreateClientCertificate(DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=Guardian client", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
    }

    /// <summary>Signs: ECDSA with SHA-256, r and s, 64 bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => key.SignData(data, HashAlgorithmName.SHA256);

    /// <summary>Agrees on a secret (ECDH, the x coordinate) with another P-256 key; null when that is none. What uses it derives a key for
    /// its purpose from it.</summary>
    public byte[]? TryAgree(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        using var own = ECDiffieHellman.Create(key.ExportParameters(includePrivateParameters: true));
        using var other = ECDiffieHellman.Create();
        try
        {
            other.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            return own.DeriveRawSecretAgreement(other.PublicKey);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Checks a signature of <see cref="Sign"/>; false for any key or signature that is none. Never throws for any
    /// content.</summary>
    public static bool Verify(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }
        return P256Key.TryReadInfo(subjectPublicKeyInfo, out var point) && P256Key.Verify(point, data, signature);
    }

    /// <summary>Whether the text is a public key as <see cref="PublicKey"/> writes it.</summary>
    public static bool IsPublicKey(string text)
    {
        var bytes = new byte[256];
        // Base64 ignores white space and the last bits before its padding: a key that can be spelled otherwise would pass for another.
        if (!Convert.TryFromBase64String(text, bytes, out var size) || Convert.ToBase64String(bytes, 0, size) != text)
        {
            return false;
        }
        using var imported = P256Key.TryReadInfo(bytes.AsSpan(0, size), out var point) ? P256Key.TryImport(point) : null;
        return imported is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();
}
