using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Client.Workloads;

using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Workloads;

public sealed class WorkloadTests : IDisposable
{
    private const string Digest = "2222222222222222222222222222222222222222222222222222222222222222";

    private readonly TestCas cas = new();
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        key.Dispose();
        cas.Dispose();
    }

    [Fact]
    public async Task An_admitted_service_gets_a_certificate_that_names_it_for_a_day()
    {
        var session = TestCas.Session.Replace("    platforms:", $"    program: {Digest}\n    platforms:", StringComparison.Ordinal)
            .Replace("name: shop", "name: shop~1", StringComparison.Ordinal);
        var created = await cas.CreateAsync(session);
        Assert.Null((await cas.ConfigureAsync("shop~1")).Workload);
        var configuration = await cas.ConfigureAsync("shop~1", workloadKey: key.ExportSubjectPublicKeyInfo());
        using var certificate = X509Certificate2.CreateFromPem(configuration.Workload!.Certificate);
        var identity = WorkloadIdentity.TryRead(certificate);
        Assert.Equal(new WorkloadIdentity(cas.Vault.LogId, "shop~1", "web", created.Hash, PolicyId(session), Digest), identity);
        Assert.Equal($"spiffe://{cas.Vault.LogId}/session/shop~1/service/web", identity!.Uri);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(cas.Time.Now.AddHours(24), new DateTimeOffset(certificate.NotAfter));

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(configuration.Workload.Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = cas.Time.Now.UtcDateTime;
        Assert.True(chain.Build(certificate), string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation)));
        var authority = chain.ChainElements[1].Certificate;
        Assert.Contains(
            $"spiffe://{cas.Vault.LogId}", Encoding.ASCII.GetString(authority.Extensions["2.5.29.17"]!.RawData), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_another_form_gets_no_certificate()
    {
        await cas.CreateAsync(TestCas.Session);
        // The same curve, but with its parameters in place of its name: a reader of names finds none.
        using var spelled = ECDsa.Create(key.ExportExplicitParameters(includePrivateParameters: false));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var off = key.ExportSubjectPublicKeyInfo();
        off[^1] ^= 1;
        byte[][] strangers =
        [
            spelled.ExportSubjectPublicKeyInfo(), other.ExportSubjectPublicKeyInfo(), rsa.ExportSubjectPublicKeyInfo(), off, [], [0x30],
            [.. key.ExportSubjectPublicKeyInfo(), 0],
        ];
        foreach (var stranger in strangers)
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.ConfigureAsync(workloadKey: stranger)));
        }
        Assert.NotNull((await cas.ConfigureAsync(workloadKey: key.ExportSubjectPublicKeyInfo())).Workload);
    }

    [Fact]
    public async Task A_program_of_another_session_is_accepted_only_in_an_enclave_that_a_named_policy_admitted()
    {
        const string Other = $"{{session: partner, service: reader, program: {Digest}}}";
        var next = $"sha256:{Digest}";
        var peers = $"[{{service: web}}, {{service: web, program: {Digest}}}, {{session: partner, service: reader}}, {Other}, "
            + $"{Other.Replace("}", $", policies: ['{next}']}}", StringComparison.Ordinal)}]";
        var session = TestCas.Session.Replace(
            "    platforms:",
            $"    program: {Digest}\n    network: {{listen: [{{port: 9000, protocol: attested, peers: {peers}}}]}}\n    platforms:",
            StringComparison.Ordinal);
        await cas.CreateAsync(session);
        var configuration = await cas.ConfigureAsync(workloadKey: key.ExportSubjectPublicKeyInfo());
        var own = PolicyId(session);
        Assert.Equal(
            [null, null, null, own, next],
            Assert.Single(configuration.Network.Listen).Peers!.Select(peer => peer.Policies is null ? null : Assert.Single(peer.Policies)));

        // The partner admits another enclave for the same program: its certificate shows it.
        var modified = session.Replace("name: shop", "name: partner", StringComparison.Ordinal)
            .Replace("    platforms: [simulated]", "    platforms: [simulated, hardware]", StringComparison.Ordinal);
        await cas.CreateAsync(modified, TestCas.Bob);
        var theirs = (await cas.ConfigureAsync("partner", workloadKey: key.ExportSubjectPublicKeyInfo())).Workload!;
        using var certificate = X509Certificate2.CreateFromPem(theirs.Certificate);
        var identity = WorkloadIdentity.TryRead(certificate)!;
        Assert.Equal(Digest, identity.Program);
        Assert.NotEqual(own, identity.Policy);
    }

    [Fact]
    public async Task The_authority_is_the_same_for_all_sessions_and_after_a_restart()
    {
        await cas.CreateAsync(TestCas.Session);
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: other", StringComparison.Ordinal), TestCas.Bob);
        var info = key.ExportSubjectPublicKeyInfo();
        var first = (await cas.ConfigureAsync(workloadKey: info)).Workload!.Authority;
        cas.Reopen();
        Assert.Equal(first, (await cas.ConfigureAsync("other", workloadKey: info)).Workload!.Authority);
    }

    [Fact]
    public async Task A_renewal_needs_a_session_that_would_still_admit_the_service()
    {
        const string Rule = "security: {attestation: {singleton_enclaves: true}}\n";
        var session = TestCas.Session.Replace("secrets:\n", $"{Rule}secrets:\n", StringComparison.Ordinal);
        await cas.CreateAsync(session);
        var request = new ConfigurationRequest("shop", "web", key.ExportSubjectPublicKeyInfo());
        var (first, second) = (cas.Certificate(TestCas.Program), cas.Certificate(TestCas.Program));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(request, first)));
        await cas.Admissions.ConfigureAsync(request, first).ValueAsync();
        var renewed = await cas.Admissions.RenewWorkloadAsync(request, first).ValueAsync();
        using var certificate = X509Certificate2.CreateFromPem(renewed.Certificate);
        Assert.Equal("shop", WorkloadIdentity.TryRead(certificate)!.Session);

        // The instance that was admitted later is the service now.
        await cas.Admissions.ConfigureAsync(request, second).ValueAsync();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(request, first)));
        await cas.Admissions.RenewWorkloadAsync(request, second).ValueAsync();

        var next = $"predecessor: {TestCas.Hash(session)}\n"
            + session.Replace(TestCas.Program.Identity.MrEnclave.ToString(), new string('0', 64), StringComparison.Ordinal);
        await cas.UpdateAsync("shop", next);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(request, second)));
    }

    [Fact]
    public async Task Only_a_P256_key_gets_a_certificate()
    {
        await cas.CreateAsync(TestCas.Session);
        using var larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var good = key.ExportSubjectPublicKeyInfo();
        foreach (var bad in new[] { [], good[..^1], [.. good, 0], larger.ExportSubjectPublicKeyInfo(), rsa.ExportSubjectPublicKeyInfo() })
        {
            var request = new ConfigurationRequest("shop", "web", bad);
            var certificate = cas.Certificate(TestCas.Program);
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.Admissions.ConfigureAsync(request, certificate)));
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(request, certificate)));
        }
    }

    [Theory]
    [InlineData("spiffe://CAS/session/a/service/b", "a", "b")]
    [InlineData("spiffe://CAS/session/service/service/b", "service", "b")]
    [InlineData("spiffe://CAS/session/a/service/b/service/c", "a/service/b", "c")]
    [InlineData("spiffe://CAS/session/service/b", null, null)]
    [InlineData("spiffe://CAS/session/a/service", null, null)]
    [InlineData("spiffe://CAS/session/a/b", null, null)]
    [InlineData("spiffe://CAS/service/a/service/b", null, null)]
    [InlineData("spiffe://cas/session/a/service/b", null, null)]
    [InlineData("https://CAS/session/a/service/b", null, null)]
    [InlineData("", null, null)]
    public void A_name_is_read_in_one_way_only(string uri, string? session, string? service)
    {
        var identity = new WorkloadIdentity(new string('0', 64), "x", "y", Digest, $"sha256:{Digest}", null);
        using var certificate = Certify(
            WorkloadIdentity.WriteName(uri.Replace("CAS", identity.Cas, StringComparison.Ordinal)), identity.WriteExtension());
        var read = WorkloadIdentity.TryRead(certificate);
        Assert.Equal((session, service), (read?.Session, read?.Service));
    }

    [Fact]
    public void A_certificate_with_more_or_less_than_one_name_and_one_extension_names_no_service()
    {
        var identity = new WorkloadIdentity(new string('0', 64), "a", "b", Digest, $"sha256:{Digest}", null);
        var (name, extension) = (WorkloadIdentity.WriteName(identity.Uri), identity.WriteExtension());
        var two = new AsnWriter(AsnEncodingRules.DER);
        using (two.PushSequence())
        {
            two.WriteCharacterString(UniversalTagNumber.IA5String, identity.Uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            two.WriteCharacterString(UniversalTagNumber.IA5String, identity.Uri + "c", new Asn1Tag(TagClass.ContextSpecific, 6));
        }
        X509Extension[][] wrong =
        [
            [], [name], [extension],
            [new X509Extension("2.5.29.17", two.Encode(), critical: false), extension],
            [name, new X509Extension(WorkloadIdentity.ExtensionOid, [.. extension.RawData, 0], critical: false)],
            [name, new X509Extension(WorkloadIdentity.ExtensionOid, [0x30, 0], critical: false)],
            [name, new X509Extension(WorkloadIdentity.ExtensionOid, [], critical: false)],
        ];
        foreach (var extensions in wrong)
        {
            using var certificate = Certify(extensions);
            Assert.Null(WorkloadIdentity.TryRead(certificate));
        }
    }

    private static string PolicyId(string session) =>
        Assert.Single(SessionDocument.Read(TestCas.Utf8(session)).Value!.Policies).Policy.Id;

    private X509Certificate2 Certify(params X509Extension[] extensions)
    {
        var request = new CertificateRequest("CN=workload", key, HashAlgorithmName.SHA256);
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }
        return request.CreateSelfSigned(cas.Time.Now, cas.Time.Now.AddDays(1));
    }
}
