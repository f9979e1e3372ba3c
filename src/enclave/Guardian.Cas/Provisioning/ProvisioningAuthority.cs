using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Cas.Store;

namespace Guardian.Cas.Provisioning;

/// <summary>
/// The authority by which Gramine's clients know this CAS. They cannot read its quote, so they trust a certificate that their owner
/// fetched over RA-TLS and put into the measured manifest. Its key is made inside the CAS and kept in its store. Thread-safe.
/// </summary>
internal sealed class ProvisioningAuthority : IDisposable
{
    // Measurements include the certificate, so it must last. An early end would not protect: the host controls the enclave's clock.
    private static readonly DateTimeOffset NotBefore = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    private const string Kind = "provisioning";

    private readonly X509Certificate2 authority;
    private readonly ECDsa serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private ProvisioningAuthority(X509Certificate2 authority) => this.authority = authority;

    /// <summary>The certificate, PEM.</summary>
    public string Certificate => authority.ExportCertificatePem();

    /// <summary>Reads the authority from the store, and makes it at first use. Replicas and later versions of the CAS share it.</summary>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public static async Task<ProvisioningAuthority> OpenAsync(Vault vault)
    {
        var text = await vault.RunAsync(
            transaction =>
            {
                if (transaction.Find(Kind, Kind, Encoding.ASCII.GetString) is { } known)
                {
                    return known;
                }
                var pem = Create();
                var made = Encoding.ASCII.GetString(pem);
                transaction.Put(Kind, Kind, pem, made);
                transaction.Audit("provisioning-made", "cas", "cas");
                return made;
            },
            needsWitness: false).ConfigureAwait(false);
        return new ProvisioningAuthority(X509Certificate2.CreateFromPem(text, text));
    }

    /// <summary>Issues a certificate with key for the name that a client asked for, and for the address that it reached.</summary>
    /// <param name="name">The name; ignored unless it is a DNS name.</param>
    /// <param name="local">The address.</param>
    public X509Certificate2 Issue(string name, IPAddress local)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(local);
        if (Uri.CheckHostName(name) == UriHostNameType.Dns)
        {
            names.AddDnsName(name);
        }
        var request = new CertificateRequest(new X500DistinguishedName("CN=Guardian CAS"), serverKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var serialNumber = RandomNumberGenerator.GetBytes(16);
        serialNumber[0] &= 0x7F;
        using var certificate = request.Create(authority, NotBefore, NotAfter, serialNumber);
        return certificate.CopyWithPrivateKey(serverKey);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        authority.Dispose();
        serverKey.Dispose();
    }

    private static byte[] Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=Guardian CAS provisioning CA"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(NotBefore, NotAfter);
        return Encoding.ASCII.GetBytes($"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");
    }
}
