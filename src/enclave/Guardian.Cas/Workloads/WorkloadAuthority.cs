using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Client.Workloads;
using Guardian.Cas.Store;

namespace Guardian.Cas.Workloads;

/// <summary>
/// Issues workload certificates to admitted services. Its key is made inside the CAS at the first admission, and all replicas have it from
/// the store. Immutable.
/// </summary>
internal sealed class WorkloadAuthority
{
    private const string Kind = "authority";
    private const string Name = "workload";
    private const int SerialSize = 16;

    // A certificate ends, so that a service that is not admitted any more loses its identity. Services renew it halfway.
    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    // The clocks of peers differ.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    // The host sets the clock, so an early end would not protect.
    private static readonly DateTimeOffset NotBefore = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    private readonly string pem;
    private readonly string cas;

    private WorkloadAuthority(string pem, string cas) => (this.pem, this.cas) = (pem, cas);

    /// <summary>Finds the authority of a store, or creates it. The caller adds an entry to the audit log after this.</summary>
    public static WorkloadAuthority FindOrCreate(VaultTransaction transaction)
    {
        var cas = transaction.LogId;
        if (transaction.Find(Kind, Name, row => new WorkloadAuthority(Encoding.ASCII.GetString(row), cas)) is { } known)
        {
            return known;
        }
        var created = new WorkloadAuthority(Create(cas), cas);
        transaction.Put(Kind, Name, Encoding.ASCII.GetBytes(created.pem), created);
        return created;
    }

    /// <summary>Whether a key can have a workload certificate: P-256, SubjectPublicKeyInfo, DER.</summary>
    public static bool IsAcceptable(byte[] key) => IdentityKey.IsPublicKey(key);

    /// <summary>Issues a certificate to a service.</summary>
    /// <param name="session">The session.</param>
    /// <param name="service">The service.</param>
    /// <param name="program">The program that it runs; null when the measurement covers it.</param>
    /// <param name="key">The service's key; <see cref="IsAcceptable"/>.</param>
    /// <param name="now">The time.</param>
    public WorkloadConfiguration Issue(
        SessionDocument session, SessionService service, string? program, byte[] key, DateTimeOffset now)
    {
        var identity = new WorkloadIdentity(cas, session.Name, service.Name, session.Hash, service.Policy.Id, program);
        using var authority = X509Certificate2.CreateFromPem(pem, pem);
        var request = new CertificateRequest(
            new X500DistinguishedName("CN=Guardian workload"), PublicKey.CreateFromSubjectPublicKeyInfo(key, out _),
            HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(WorkloadIdentity.WriteName(identity.Uri));
        request.CertificateExtensions.Add(identity.WriteExtension());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var serial = RandomNumberGenerator.GetBytes(SerialSize);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        using var certificate = request.Create(authority, now - Skew, now + Life, serial);
        return new WorkloadConfiguration(certificate.ExportCertificatePem(), authority.ExportCertificatePem());
    }

    private static string Create(string cas)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=Guardian CAS workload CA"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(WorkloadIdentity.WriteName(WorkloadIdentity.UriOf(cas)));
        using var certificate = request.CreateSelfSigned(NotBefore, NotAfter);
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
    }
}
