using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Owners;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Owners;

/// <summary>Owners decide who creates sessions at the top, and nobody fills the store beyond a quota.</summary>
public sealed class CreationTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    private static byte[] Founder => TestCas.Founder.SubjectPublicKeyInfo;

    private CreationRegistry Creation => cas.Services.Creation;

    [Fact]
    public async Task Owners_close_the_top_and_namespaces_go_on()
    {
        await cas.CreateAsync("name: a\naccess_policy: {create_sessions: [ANY]}\n");
        Assert.Null((await Creation.ReadAsync(Founder).ValueAsync()).Hash);
        var first = await SetAsync($"create: [{KeyHash.Of(TestCas.Alice)}]\n");
        await cas.CreateAsync(Plain("b"));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync(Plain("c"), TestCas.Bob)));
        // Those who may not create learn nothing about names.
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync(Plain("b"), TestCas.Bob)));
        await cas.CreateAsync(Plain("a/b"), TestCas.Bob);
        cas.Reopen();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync(Plain("c"), TestCas.Bob)));
        await SetAsync($"predecessor: {first.Hash}\ncreate: [ANY]\n");
        await cas.CreateAsync(Plain("c"), TestCas.Bob);
    }

    [Fact]
    public async Task Rules_are_for_one_cas_its_owners_and_one_moment()
    {
        using var second = IdentityKey.Create();
        var hash = (await cas.Owners.ReadAsync().ValueAsync()).Hash!;
        await cas.Owners.ChangeAsync(
            new OwnersChange(hash, [TestCas.Founder.PublicKey, second.PublicKey], 2).ToBytes(),
            new OwnersChange(hash, [TestCas.Founder.PublicKey, second.PublicKey], 2), Founder, []).ValueAsync();
        var rules = Encoding.UTF8.GetBytes(await WriteAsync("create: [NONE]\n"));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(Creation.ChangeAsync(rules, Founder, [])));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(Creation.ChangeAsync(rules, TestCas.Alice, [Sign(second, rules)])));
        Assert.Equal(
            CasReasons.Invalid,
            await ExpectReasonAsync(Creation.ChangeAsync(rules, Founder, [Sign(second, rules, SignatureSubject.Owners)])));
        await Creation.ChangeAsync(rules, Founder, [Sign(second, rules)]).ValueAsync();
        // The first rules again, or rules for others.
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(Creation.ChangeAsync(rules, Founder, [Sign(second, rules)])));
        var elsewhere = Encoding.UTF8.GetBytes(
            $"cas: {{identity: {new string('0', 64)}, owners: {new string('0', 64)}}}\npredecessor: {KeyHash.Of(rules)}\ncreate: [ANY]\n");
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(Creation.ChangeAsync(elsewhere, Founder, [Sign(second, elsewhere)])));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(Creation.ReadAsync(TestCas.Alice)));
        Assert.Equal(Encoding.UTF8.GetString(rules), (await Creation.ReadAsync(Founder).ValueAsync()).Text);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        var refused = CreationRules.Read("create: [CREATOR]\nquota: {sessions: -1}\nmore: 1\n"u8).Refusal!;
        Assert.Equal(4, refused.Problems.Count);
        Assert.Contains("CREATOR means nothing here", string.Join('\n', refused.Problems), StringComparison.Ordinal);
        Assert.NotNull(CreationRules.Read("[]"u8).Refusal);
    }

    [Fact]
    public async Task One_key_keeps_no_more_than_its_quota()
    {
        await SetAsync("create: [ANY]\nquota: {sessions: 2, names: 3, keys: 3, mebibytes: 1}\n");
        await cas.CreateAsync(Plain("a"));
        await cas.CreateAsync(Plain("b"));
        Assert.Equal(CasReasons.OverQuota, await ExpectReasonAsync(cas.CreateAsync(Plain("c"))));
        await cas.CreateAsync(Plain("c"), TestCas.Bob);
        // A deleted session makes room for another; its name stays used.
        await cas.Removal.DeleteAsync("a", TestCas.Alice, []).ValueAsync();
        await cas.CreateAsync(Plain("d"));
        await cas.Removal.DeleteAsync("d", TestCas.Alice, []).ValueAsync();
        Assert.Contains("3 names", (await ExpectRefusalAsync(cas.CreateAsync(Plain("e")))).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_and_keys_count_also_after_updates()
    {
        var first = await SetAsync("create: [ANY]\nquota: {keys: 3, mebibytes: 1}\n");
        await cas.CreateAsync(WithKeys("k", 2, ""));
        Assert.Equal(CasReasons.OverQuota, await ExpectReasonAsync(cas.CreateAsync(WithKeys("m", 2, ""))));
        var text = WithKeys("k", 2, "");
        Assert.Equal(CasReasons.OverQuota, await ExpectReasonAsync(cas.UpdateAsync("k", Next(text, WithKeys("k", 4, "")))));
        var large = Next(text, WithKeys("k", 2, new string('#', 600_000)));
        await cas.UpdateAsync("k", large);
        // The former text counts as well.
        Assert.Equal(
            CasReasons.OverQuota, await ExpectReasonAsync(cas.UpdateAsync("k", Next(large, WithKeys("k", 2, new string('#', 600_000))))));
        // Nobody is locked in when owners lower a quota: less is always possible.
        await SetAsync($"predecessor: {first.Hash}\ncreate: [ANY]\nquota: {{keys: 0, mebibytes: 0, sessions: 0}}\n");
        Assert.Equal(CasReasons.OverQuota, await ExpectReasonAsync(cas.CreateAsync(Plain("more"))));
        await cas.Removal.DeleteAsync("k", TestCas.Alice, []).ValueAsync();

        static string Next(string before, string session) => $"predecessor: {TestCas.Hash(before)}\n{session}";

        static string WithKeys(string name, int count, string comment) => $"name: {name}\n#{comment}\naccess_policy: {{}}\nsecrets:\n"
            + string.Concat(Enumerable.Range(0, count).Select(i => $"  - {{name: k{i}, kind: private-key}}\n"));
    }

    private static string Plain(string name) => $"name: {name}\naccess_policy: {{}}\n";

    private static SessionSignature Sign(IdentityKey key, byte[] rules, SignatureSubject subject = SignatureSubject.Creation) =>
        SessionSignature.Create(KeyHash.Of(rules), key, subject);

    private async Task<string> WriteAsync(string rules)
    {
        var owners = await cas.Owners.ReadAsync().ValueAsync();
        return $"cas: {{identity: {cas.Vault.LogId}, owners: {owners.Hash}}}\n{rules}";
    }

    private async Task<CreationDescription> SetAsync(string rules) =>
        await Creation.ChangeAsync(Encoding.UTF8.GetBytes(await WriteAsync(rules)), Founder, []).ValueAsync();
}
