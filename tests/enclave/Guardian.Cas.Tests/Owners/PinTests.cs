using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Cas.Tests.Store;
using Guardian.Simulation;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Owners;

/// <summary>Callers and sessions demand one CAS, with its owners and its maker, and every other CAS refuses them.</summary>
public sealed class PinTests : IDisposable
{
    private static readonly string Zeros = new('0', 64);

    private readonly IdentityKey mallory = IdentityKey.Create();
    private readonly TestCas cas = new();

    public void Dispose()
    {
        mallory.Dispose();
        cas.Dispose();
    }

    [Fact]
    public async Task A_caller_who_compares_only_the_code_that_answers_learns_of_another_maker()
    {
        // Mallory's own code makes a store under a key that Mallory knows, and approves the genuine code.
        var known = new byte[32];
        known[0] = 1;
        var rows = new MemoryRowStore();
        using (var evil = TestCas.Launch(66))
        using (var maker = Vault.Open(
            rows, new HeldKey(new StoreKey(known), KeyOrigin.Made), TestCas.NewAuditKey(evil),
            LogRules.For(evil, SimulatedPlatforms.Verifier), new TestTime(), first: new FirstOwners([TestCas.Founder.PublicKey], 1)))
        {
            await maker.TryRunAsync<string>(transaction =>
            {
                transaction.Audit("upgrade-approved", "cas", "mallory", approved: TestCas.Rules.Code);
                return "";
            });
        }
        // The genuine code takes the key, as from a CAS that it joins, and all users see is its quote.
        using var vault = TestCas.Open(rows, key: known);
        var policy = new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [TestCas.Cas.Identity.MrEnclave] }],
            Platforms = [Guardian.Sgx.PlatformKind.Simulated],
        };
        var services = new CasServices(vault, SimulatedPlatforms.Verifier, new TestTime());
        var answers = await services.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();
        Assert.NotNull(AuditVerifier.ReadHead(
            TestCas.Utf8(answers.Head), policy, new TestTime().Now, SimulatedPlatforms.Verifier).Value);

        var own = TestCas.Rules.Code;
        Assert.Equal(CasReasons.OtherCas, PinCheck.CheckOrigin(vault.Log, own, CasPins.None, [own])?.Reason);
        Assert.Equal(CasReasons.OtherCas, PinCheck.CheckOrigin(vault.Log, own, CasPins.None, [])?.Reason);
        // The complete log shows it too.
        Assert.Equal(CasReasons.NotTrusted, AuditVerifier.Verify(
            [.. answers.Lines.Select(line => (ReadOnlyMemory<byte>)TestCas.Utf8(line))], TestCas.Utf8(answers.Head), null, policy,
            new TestTime().Now, SimulatedPlatforms.Verifier).Refusal?.Reason);
        // A caller who accepts the maker, or pinned the CAS, goes on. Code that is approved later disturbs nobody.
        Assert.Null(PinCheck.CheckOrigin(vault.Log, own, CasPins.None, [vault.Log.Code[0], own]));
        Assert.Null(PinCheck.CheckOrigin(vault.Log, own, new CasPins(vault.Log.Log, null), [own]));
        var later = vault.Log with { Code = [own, Zeros] };
        Assert.Null(PinCheck.CheckOrigin(later, own, CasPins.None, [own]));
    }

    [Fact]
    public async Task A_session_that_demands_a_CAS_is_kept_by_no_other()
    {
        var identity = await cas.Owners.ReadIdentityAsync().ValueAsync();
        string Pinned(string id, string owners) => $"cas: {{identity: {id}, owners: {owners}}}\n{TestCas.Session}";
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.CreateAsync(Pinned(Zeros, identity.Owners.Hash!))));
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.CreateAsync(Pinned(identity.Identity, Zeros))));
        var text = Pinned(identity.Identity, identity.Owners.Hash!);
        await cas.CreateAsync(text);
        Assert.Equal(Hash(text), (await cas.ConfigureAsync()).SessionHash);
        var moved = $"predecessor: {Hash(text)}\n{Pinned(Zeros, identity.Owners.Hash!)}";
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.UpdateAsync("shop", moved)));

        // The owners change, and the session gives nothing any more until its creator accepts the new ones.
        var change = new OwnersChange(identity.Owners.Hash!, [mallory.PublicKey], 1);
        var changed = await cas.Owners.ChangeAsync(change.ToBytes(), change, TestCas.Founder.SubjectPublicKeyInfo, []).ValueAsync();
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.ConfigureAsync()));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var renewal = new ConfigurationRequest("shop", "web", key.ExportSubjectPublicKeyInfo());
        var started = cas.Certificate(TestCas.Program);
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.Admissions.RenewWorkloadAsync(renewal, started)));
        await cas.UpdateAsync("shop", $"predecessor: {Hash(text)}\n{Pinned(identity.Identity, changed.Hash!)}");
        await cas.ConfigureAsync();
        // Former owners have shares of the same key, and everybody sees it.
        var after = await cas.Owners.ReadIdentityAsync().ValueAsync();
        Assert.Equal([KeyHash.Of(TestCas.Founder.SubjectPublicKeyInfo)], after.Former);
        Assert.Equal(identity.Identity, after.Identity);
    }

    [Theory]
    [InlineData("cas: {identity: x}", "identity")]
    [InlineData("cas: {owner: x}", "owner")]
    public async Task Pins_are_hashes(string line, string mistake)
    {
        var refusal = await ExpectRefusalAsync(cas.CreateAsync($"{line}\n{TestCas.Session}"));
        Assert.Contains(mistake, Assert.Single(refusal.Problems), StringComparison.Ordinal);
    }

    private static string Hash(string text) => TestCas.Hash(text);
}
