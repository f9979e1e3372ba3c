using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>A deleted session leaves nothing but its name, and nobody gets that name.</summary>
public sealed class SessionRemovalTests : IDisposable
{
    private readonly TestCas cas = new();
    private readonly IdentityKey creator = IdentityKey.Create();

    public void Dispose()
    {
        cas.Dispose();
        creator.Dispose();
    }

    [Fact]
    public async Task All_rows_of_a_session_go_and_the_log_says_so()
    {
        var before = await RowsAsync();
        await cas.CreateAsync(TestCas.Session.Replace("    platforms:", "    tags: [log]\n    platforms:", StringComparison.Ordinal)
            + "security: {attestation: {singleton_enclaves: true}}\n");
        await cas.ConfigureAsync();
        var certificate = cas.Certificate(TestCas.Program);
        await cas.Admissions.ConfigureAsync(new ConfigurationRequest("shop", "web"), certificate).ValueAsync();
        await cas.Admissions.SetTagAsync(new TagChange("shop", "log", null, new byte[32]), certificate).ValueAsync();
        var text = (await cas.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text;
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(text)}\n{text}");
        Assert.True((await RowsAsync()).Except(before).Count() >= 6);

        Assert.True((await DeleteAsync("shop").ValueAsync()).IsDone);
        var left = (await RowsAsync()).Except(before).Select(row => row.Split(' ')[0]).ToList();
        Assert.Equal(["authority", "creator", "deleted"], left.Order());
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ReadAsync("shop", TestCas.Alice)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(DeleteAsync("shop")));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.ConfigureAsync()));
        var log = await cas.Audit.ReadAsync("0", TestCas.Founder.SubjectPublicKeyInfo).ValueAsync();
        var tombstone = log.Details[^1]!;
        Assert.Equal(("shop", KeyHash.Of(TestCas.Alice)), (tombstone.Subject, tombstone.By));
        Assert.StartsWith("by its rule, hash ", tombstone.Text, StringComparison.Ordinal);
        // The store is as its head says, also when it is opened again.
        cas.Reopen();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.CreateAsync(TestCas.Session)));
    }

    [Fact]
    public async Task A_name_is_never_given_to_another()
    {
        await cas.CreateAsync(Keys("alice"));
        await cas.CreateAsync(Importer);
        Assert.Equal("alice", (await cas.ConfigureAsync()).Environment["GREETING"]);
        await DeleteAsync("keys").ValueAsync();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.ConfigureAsync()));

        // A CAS that forgets deleted sessions gives their names away, and the importer gets a stranger's secret.
        var sabotaged = new TestCas();
        await sabotaged.CreateAsync(Keys("alice"));
        await sabotaged.CreateAsync(Importer);
        await sabotaged.Removal.DeleteAsync("keys", TestCas.Alice, []).ValueAsync();
        await sabotaged.Vault.RunAsync(transaction =>
        {
            transaction.Delete("deleted", "keys");
            transaction.Audit("forgotten", "keys", "test");
            return true;
        });
        await sabotaged.CreateAsync(Keys("mallory"), TestCas.Bob);
        Assert.Equal("mallory", (await sabotaged.ConfigureAsync()).Environment["GREETING"]);
        sabotaged.Dispose();

        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.CreateAsync(Keys("mallory"), TestCas.Bob)));
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.CreateAsync(Keys("alice"))));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.ConfigureAsync()));

        static string Keys(string value) => "name: keys\naccess_policy: {read: [CREATOR]}\n"
            + $"secrets:\n  - {{name: s, kind: ascii, value: {value}, export_public: true}}\n";
    }

    private static string Importer => TestCas.Session.Replace("hello", "$$GUARDIAN::s$$", StringComparison.Ordinal)
        + "  - {name: s, kind: ascii, import: {session: keys, secret: s}}\n";

    [Fact]
    public async Task The_creator_alone_does_not_delete_a_session_that_needs_two()
    {
        using var partner = IdentityKey.Create();
        var both =
            $"access_policy: {{update: [{{require-all: [CREATOR, {KeyHash.Of(partner.SubjectPublicKeyInfo)}]}}]}}\n{TestCas.Session}";
        await cas.CreateAsync(both);
        var denied = await ExpectRefusalAsync(DeleteAsync("shop"));
        Assert.Equal(CasReasons.Denied, denied.Reason);
        Assert.StartsWith("it demands all of (CREATOR, ", denied.Problems[0], StringComparison.Ordinal);
        // Consent to an update, to another name and in another CAS is no consent.
        SessionSignature[] wrong =
        [
            SessionSignature.Create(SessionDeletion.HashOf(cas.Vault.LogId, "shop"), partner),
            SessionSignature.Create(SessionDeletion.HashOf(cas.Vault.LogId, "shops"), partner, SignatureSubject.Deletion),
            SessionSignature.Create(SessionDeletion.HashOf(new string('0', 64), "shop"), partner, SignatureSubject.Deletion),
        ];
        foreach (var each in wrong)
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(DeleteAsync("shop", each)));
        }
        var consent = SessionSignature.Create(SessionDeletion.HashOf(cas.Vault.LogId, "shop"), partner, SignatureSubject.Deletion);
        await DeleteAsync("shop", consent).ValueAsync();
    }

    [Theory]
    [InlineData("update: [NONE]", true)]
    [InlineData("update: [NONE], delete: [NONE]", false)]
    [InlineData("delete: [NONE]", false)]
    [InlineData("delete: [CREATOR], update: [NONE]", true)]
    [InlineData("update: [ANY], delete: [NONE]", false)]
    public async Task The_session_says_who_deletes_it(string policy, bool mayCreator)
    {
        await cas.CreateAsync($"access_policy: {{{policy}}}\n{TestCas.Session}");
        Assert.Equal(mayCreator, (await DeleteAsync("shop")).Value is not null);
    }

    [Fact]
    public async Task Strangers_do_not_learn_whether_a_session_exists_by_deleting_it()
    {
        await cas.CreateAsync(TestCas.Session);
        var existing = await ExpectRefusalAsync(cas.Removal.DeleteAsync("shop", TestCas.Bob, []));
        var absent = await ExpectRefusalAsync(cas.Removal.DeleteAsync("none", TestCas.Bob, []));
        Assert.Equal((absent.Reason, absent.Detail.Replace("none", "shop", StringComparison.Ordinal)), (existing.Reason, existing.Detail));
    }

    [Fact]
    public async Task Owners_remove_a_session_with_everything_below_it()
    {
        const string Open = "access_policy: {create_sessions: [ANY]}\n";
        await cas.CreateAsync($"name: junk\n{Open}");
        await cas.CreateAsync("name: junk-yard\naccess_policy: {}\n");
        for (var i = 0; i < 70; i++)
        {
            await cas.CreateAsync($"name: junk/{i}\n{Open}", TestCas.Bob);
        }
        await cas.CreateAsync($"name: junk/7/7\n{Open}", TestCas.Bob);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(DeleteAsync("junk")));
        var founder = TestCas.Founder.SubjectPublicKeyInfo;
        Assert.False((await cas.Removal.DeleteAsync("junk", founder, []).ValueAsync()).IsDone);
        Assert.True((await cas.Removal.DeleteAsync("junk", founder, []).ValueAsync()).IsDone);
        Assert.Equal(["junk-yard"], (await cas.Sessions.ListAsync("", "", founder).ValueAsync()).Names);
        Assert.Equal(1, await cas.Vault.RunAsync(transaction => transaction.CountSessions()));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync("name: junk/new\naccess_policy: {}\n", TestCas.Bob)));
    }

    [Fact]
    public async Task Only_owners_list_the_top_and_lists_come_in_pages()
    {
        foreach (var name in new[] { "b", "a", "a/x", "a/x/y", "a-b", "a/z" })
        {
            await cas.CreateAsync($"name: {name}\naccess_policy: {{}}\n");
        }
        var founder = TestCas.Founder.SubjectPublicKeyInfo;
        Assert.Equal(["a", "a-b", "b"], (await cas.Sessions.ListAsync("", "", founder).ValueAsync()).Names);
        Assert.Equal(["a-b", "b"], (await cas.Sessions.ListAsync("", "a", founder).ValueAsync()).Names);
        Assert.Equal(["a/x", "a/z"], (await cas.Sessions.ListAsync("a", "", TestCas.Alice).ValueAsync()).Names);
        Assert.Equal(["a/z"], (await cas.Sessions.ListAsync("a", "a/x", TestCas.Alice).ValueAsync()).Names);
        Assert.Empty((await cas.Sessions.ListAsync("a", "a/z", TestCas.Alice).ValueAsync()).Names);
        Assert.Equal(["a/x", "a/z"], (await cas.Sessions.ListAsync("a", "", founder).ValueAsync()).Names);
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ListAsync("", "", TestCas.Alice)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ListAsync("a", "", TestCas.Bob)));
    }

    private Task<Outcome<DeletionProgress>> DeleteAsync(string name, params SessionSignature[] signatures) =>
        cas.Removal.DeleteAsync(name, TestCas.Alice, signatures);

    private Task<List<string>> RowsAsync() => cas.Vault.RunAsync(transaction =>
        VaultTransaction.Kinds.SelectMany(kind => transaction.ListNames(kind, "").Select(name => $"{kind} {name}")).ToList());
}
