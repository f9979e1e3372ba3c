using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Workloads;
using Guardian.Runtime.Network;

namespace Guardian.Runtime.Tests;

/// <summary>A workload authority in place of the CAS.</summary>
internal sealed class TestWorkloads : IDisposable
{
    private static readonly string Cas = new('a', 64);

    private readonly X509Certificate2 authority;

    public TestWorkloads()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test workload authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
    }

    public static TimeSpan Life { get; } = TimeSpan.FromHours(24);

    public string Program { get; } = new('5', 64);

    public string Policy { get; } = $"sha256:{new string('6', 64)}";

    public Workload Create(
        string session, string service, string? program = null, string? policy = null, TimeSpan? life = null, TimeProvider? time = null)
    {
        var created = new Workload(time ?? TimeProvider.System);
        created.Accept(Issue(created.PublicKey, session, service, program ?? Program, policy ?? Policy, life ?? Life));
        return created;
    }

    public WorkloadConfiguration Issue(byte[] key, string session, string service, string? program, string policy, TimeSpan life)
    {
        var identity = new WorkloadIdentity(Cas, session, service, new string('b', 64), policy, program);
        var request = new CertificateRequest(
            new X500DistinguishedName("CN=workload"), PublicKey.CreateFromSubjectPublicKeyInfo(key, out _), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(WorkloadIdentity.WriteName(identity.Uri));
        request.CertificateExtensions.Add(identity.WriteExtension());
        using var certificate = request.Create(
            authority, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow + life, RandomNumberGenerator.GetBytes(8));
        return new WorkloadConfiguration(certificate.ExportCertificatePem(), authority.ExportCertificatePem());
    }

    public void Dispose() => authority.Dispose();
}
