using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cli.Inputs;
using Guardian.Cli.Tests.Support;
using Guardian.Refusals;

namespace Guardian.Cli.Tests;

/// <summary>The certificate of Vault must come from the issuers of <c>VAULT_CACERT</c>, and from no others when it is given.</summary>
[Collection("variables of Vault")]
public sealed class VaultTlsTests : IDisposable
{
    private static readonly string[] Variables = ["VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("guardian-test-");
    private readonly X509Certificate2 authority = CreateAuthority();
    private readonly X509Certificate2 certificate;
    private readonly TlsPage server;

    public VaultTlsTests()
    {
        certificate = Issue(authority);
        server = new TlsPage(certificate, path: null, """{"data":{"data":{"password":"s3cret"}}}""");
        Environment.SetEnvironmentVariable("VAULT_ADDR", server.Address);
        Environment.SetEnvironmentVariable("VAULT_TOKEN", "s.token");
    }

    public void Dispose()
    {
        server.Dispose();
        certificate.Dispose();
        authority.Dispose();
        folder.Delete(recursive: true);
        foreach (var variable in Variables)
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Fact]
    public async Task The_issuer_that_is_given_is_accepted()
    {
        Assert.Equal("s3cret", await ReadAsync(authority));
    }

    [Fact]
    public async Task Another_issuer_and_the_well_known_ones_are_not()
    {
        using var other = CreateAuthority();
        foreach (var issuer in new[] { other, null })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => ReadAsync(issuer));
            Assert.Equal("no-vault", refused.Refusal.Code);
        }
    }

    [Fact]
    public async Task A_file_without_certificates_is_refused()
    {
        var file = Path.Combine(folder.FullName, "empty.pem");
        await File.WriteAllTextAsync(
            file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", TestContext.Current.CancellationToken);
        Environment.SetEnvironmentVariable("VAULT_CACERT", file);
        Assert.Contains(file, Assert.Throws<RefusedException>(VaultSource.Open).Refusal.Detail, StringComparison.Ordinal);
    }

    private async Task<string> ReadAsync(X509Certificate2? issuer)
    {
        var file = Path.Combine(folder.FullName, "issuer.pem");
        await File.WriteAllTextAsync(file, issuer?.ExportCertificatePem() ?? "", TestContext.Current.CancellationToken);
        Environment.SetEnvironmentVariable("VAULT_CACERT", issuer is null ? null : file);
        using var source = VaultSource.Open();
        return await source.ReadAsync("secret/shop#password", TestContext.Current.CancellationToken);
    }

    private static X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, [1]);
        return issued.CopyWithPrivateKey(key);
    }
}
