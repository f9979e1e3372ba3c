using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Sessions;
using Guardian.Refusals;
using Guardian.Simulation;

using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Admissions;

/// <summary>
/// Attacks with genuine evidence of an accepted enclave whose key has another purpose. The naive side of each test is a CAS that asks only
/// which code runs, as this one did before evidence had roles.
/// </summary>
public sealed class RoleTests : IDisposable
{
    private static readonly string Session = TestCas.Session.Replace(
        "    platforms:", "    tags: [t]\n    platforms:", StringComparison.Ordinal);

    private readonly TestCas cas = new();
    private readonly byte[] identity;

    public RoleTests() => identity = Convert.FromHexString(cas.Vault.LogId);

    public void Dispose() => cas.Dispose();

    /// <summary>Every purpose of a key but the start of shop/web at this CAS.</summary>
    private IEnumerable<EvidenceContext> OtherPurposes() =>
    [
        EvidenceContext.RuntimeLaunch(identity, "thief", "web"),
        EvidenceContext.RuntimeLaunch(identity, "shop", "other"),
        EvidenceContext.RuntimeLaunch(identity, "sho", "pweb"),
        EvidenceContext.RuntimeLaunch(new byte[32], "shop", "web"),
        EvidenceContext.Cas(identity),
        EvidenceContext.CasStarting,
        EvidenceContext.CasAudit,
        EvidenceContext.RoomLead(identity),
        EvidenceContext.RoomShard(identity),
        EvidenceContext.RoomStatement(identity),
    ];

    [Fact]
    public async Task A_key_of_another_service_or_purpose_gets_no_configuration_and_no_tag()
    {
        await cas.CreateAsync(Session);
        await cas.CreateAsync(Session.Replace("name: shop", "name: thief", StringComparison.Ordinal), TestCas.Bob);
        var policy = await cas.Vault.RunAsync(transaction => transaction.FindSession("shop")!.FindService("web")!.Policy);
        var change = new TagChange("shop", "t", null, new byte[32]);
        foreach (var context in OtherPurposes().Append(EvidenceContext.CasWitnessed(identity, "thief")))
        {
            var certificate = TestCas.Certificate(TestCas.Program, context);
            Assert.True(NaiveAdmits(certificate));
            await AssertDeniedAsync(certificate);
        }
        using var gramine = TestCas.GramineCertificate(TestCas.Program);
        Assert.True(NaiveAdmits(gramine.RawData));
        await AssertDeniedAsync(gramine.RawData);
        Assert.NotNull(await cas.ConfigureAsync());

        bool NaiveAdmits(byte[] certificate) => policy.Appraise(
            RaTlsVerifier.Verify(certificate, cas.Time.Now, SimulatedPlatforms.Verifier).Value!.Quote).IsAccepted;

        async Task AssertDeniedAsync(byte[] certificate)
        {
            var request = new ConfigurationRequest("shop", "web", NewKey());
            Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.ConfigureAsync(request, certificate)));
            Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(request, certificate)));
            Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.ReadTagAsync("shop", "t", certificate)));
            Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.SetTagAsync(change, certificate)));
        }
    }

    [Fact]
    public async Task Only_a_CAS_that_starts_gets_the_key_of_the_store()
    {
        // The policy of replicas accepts the very enclave that asks.
        var replicas = CasLaunch.ReplicasOf(TestCas.Cas);
        var owners = new CasServices(cas.Vault, SimulatedPlatforms.Verifier, cas.Time, replicas).Owners;
        foreach (var context in OtherPurposes().Where(context => context.Role != EvidenceRole.CasStarting)
            .Append(TestCas.Start(cas.Vault.LogId)))
        {
            var certificate = TestCas.Certificate(TestCas.Cas, context);
            Assert.True(
                replicas.Appraise(RaTlsVerifier.Verify(certificate, cas.Time.Now, SimulatedPlatforms.Verifier).Value!.Quote).IsAccepted);
            var denied = await ExpectRefusalAsync(owners.HandOverKeyAsync(certificate));
            Assert.StartsWith("role: ", Assert.Single(denied.Problems), StringComparison.Ordinal);
        }
        Assert.NotNull((await owners.HandOverKeyAsync(TestCas.Certificate(TestCas.Cas, EvidenceContext.CasStarting))).Value);
    }

    [Fact]
    public void No_other_key_of_an_accepted_enclave_passes_for_a_CAS_that_serves()
    {
        // A joining CAS, and every client, connects like this. It would give a false CAS everything.
        var policy = CasLaunch.ReplicasOf(TestCas.Cas);
        foreach (var context in OtherPurposes().Where(context => context.Role != EvidenceRole.Cas))
        {
            using var certificate = RaTlsCertificate.Create(TestCas.Quotes(TestCas.Cas), context);
            RaTlsTransport.Accept(certificate, policy, ExpectedEvidence.Exactly(context), cas.Time.Now, SimulatedPlatforms.Verifier);
            Assert.Equal("wrong-role", Refuse(certificate, ExpectedEvidence.Cas(null)));
        }
        using var serving = RaTlsCertificate.Create(TestCas.Quotes(TestCas.Cas), EvidenceContext.Cas(identity));
        RaTlsTransport.Accept(serving, policy, ExpectedEvidence.Cas(identity), cas.Time.Now, SimulatedPlatforms.Verifier);
        Assert.Equal("wrong-role", Refuse(serving, ExpectedEvidence.Cas(new byte[32])));

        string Refuse(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, ExpectedEvidence expected) =>
            Assert.Throws<RefusedException>(() => RaTlsTransport.Accept(
                certificate, policy, expected, cas.Time.Now, SimulatedPlatforms.Verifier)).Refusal.Code;
    }

    [Fact]
    public async Task Evidence_with_a_role_gets_nothing_by_Gramines_protocol()
    {
        await cas.CreateAsync(Session.Replace("    tags: [t]", "    secret_provisioning: key", StringComparison.Ordinal));
        var request = new ConfigurationRequest("shop", "web");
        using var gramine = TestCas.GramineCertificate(TestCas.Program);
        Assert.NotNull((await cas.Admissions.ProvisionAsync(request, gramine.RawData)).Value);
        foreach (var context in OtherPurposes().Append(TestCas.Start(cas.Vault.LogId)))
        {
            var denied = await ExpectRefusalAsync(cas.Admissions.ProvisionAsync(request, TestCas.Certificate(TestCas.Program, context)));
            Assert.Equal(CasReasons.Denied, denied.Reason);
        }
    }

    private static byte[] NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportSubjectPublicKeyInfo();
    }
}
