using System.Net;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Tests.Secrets;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>Keys are drawn only for what the CAS accepts, within a budget of the caller.</summary>
public sealed class WorkBudgetTests : IDisposable
{
    private const string Rsa = "{name: NAME, kind: private-key, key_type: RSA-3072, version: VERSION}";

    private readonly CountingForge forge = new();
    private readonly TestCas cas;

    public WorkBudgetTests() => cas = new TestCas(forge: forge.Forge);

    public void Dispose() => cas.Dispose();

    private delegate Task<Outcome<SessionDescription>> Create(string session, byte[] key);

    [Fact]
    public async Task A_refused_session_costs_no_key()
    {
        await cas.CreateAsync(Flood("taken", 1));
        await cas.CreateAsync("name: closed\naccess_policy: {read: [CREATOR]}\n");
        string[] refused =
        [
            Flood("taken", 16), Flood("closed/below", 16), Flood("nowhere/below", 16),
            $"cas: {{identity: {new string('0', 64)}}}\n{Flood("pinned", 16)}",
            Flood("exporting", 16).Replace("version: 0}", "export: [{session: absent}]}", StringComparison.Ordinal),
        ];
        foreach (var session in refused)
        {
            Assert.True(await CountKeysAsync(CreateNaivelyAsync, session) > 0);
            Assert.Equal(0, await CountKeysAsync((text, key) => cas.Sessions.CreateAsync(Utf8(text), key), session));
        }

        async Task<int> CountKeysAsync(Create create, string session)
        {
            var before = forge.Drawn;
            Assert.NotNull((await create(session, TestCas.Bob)).Refusal);
            return forge.Drawn - before;
        }
    }

    [Fact]
    public async Task A_refused_update_costs_no_key()
    {
        await cas.CreateAsync(Flood("mine", 2));
        var drawn = forge.Drawn;
        var next = $"predecessor: {TestCas.Hash(Flood("mine", 2))}\n{Flood("mine", 2, version: 1)}";
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.UpdateAsync("mine", next, TestCas.Bob)));
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.UpdateAsync("mine", Flood("mine", 2, version: 1))));
        var elsewhere = $"cas: {{identity: {new string('0', 64)}}}\n{next}";
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cas.UpdateAsync("mine", elsewhere)));
        var nowhere = next.Replace("version: 1}", "version: 1, export: [{session: absent}]}", StringComparison.Ordinal);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.UpdateAsync("mine", nowhere)));
        Assert.Equal(drawn, forge.Drawn);
        await cas.UpdateAsync("mine", next);
        Assert.Equal(drawn + 2, forge.Drawn);
    }

    [Theory]
    [InlineData(Rsa)]
    [InlineData("{name: NAME, kind: x509, key_type: RSA-3072}")]
    [InlineData("{name: NAME, kind: x509-ca, key_type: RSA-2048}")]
    public void A_session_has_a_bound_of_rsa_keys(string secret)
    {
        Assert.NotNull(Check(SlowKeys.Max).Value);
        var refused = Check(SlowKeys.Max + 1).Refusal!;
        Assert.EndsWith("a session has at most 16 RSA keys; use P-256 or Ed25519 keys for the others", Assert.Single(refused.Problems));
        Assert.StartsWith("21:5:", refused.Problems[0], StringComparison.Ordinal);

        Outcome<SessionDocument> Check(int count) => SessionDocument.Read(Utf8(Flood("s", count, secret: secret)));
    }

    [Fact]
    public void Given_keys_count_and_so_do_tokens()
    {
        var pem = System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", KeyPair.Create(KeyType.Rsa2048));
        var given = $"{{name: NAME, kind: private-key, value: \"{pem.ReplaceLineEndings("\\n")}\"}}";
        Assert.NotNull(SessionDocument.Read(Utf8(Flood("s", 16, secret: given))).Value);
        Assert.NotNull(SessionDocument.Read(Utf8(Flood("s", 17, secret: given))).Refusal);
        pem = System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", KeyPair.Create(KeyType.P384));
        var p384 = $"{{name: NAME, kind: private-key, value: \"{pem.ReplaceLineEndings("\\n")}\"}}";
        Assert.NotNull(SessionDocument.Read(Utf8(Flood("s", 16, secret: p384))).Value);
        Assert.Contains(
            "given RSA and P-384", Assert.Single(SessionDocument.Read(Utf8(Flood("s", 17, secret: p384))).Refusal!.Problems),
            StringComparison.Ordinal);
        var tokens = string.Concat(Enumerable.Range(0, 17).Select(i => $"  - {{name: t{i}, kind: jwt, private_key: k0}}\n"));
        Assert.Contains(
            "tokens", Assert.Single(SessionDocument.Read(Utf8(Flood("s", 1) + tokens)).Refusal!.Problems), StringComparison.Ordinal);
        var elliptic = Flood("s", 1).Replace("RSA-3072", "P-256", StringComparison.Ordinal);
        Assert.NotNull(SessionDocument.Read(Utf8(elliptic + tokens)).Value);
    }

    [Fact]
    public async Task A_caller_draws_as_many_keys_as_its_budget_however_it_asks()
    {
        // One session costs 9,600 of 16,000 units.
        var calls = Enumerable.Range(0, 20).Select(
            i => cas.Sessions.CreateAsync(Utf8(Flood($"s{i}", 16)), TestCas.Alice, source: From("::1")));
        var outcomes = await Task.WhenAll(calls);
        Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.Equal(19, outcomes.Count(outcome => outcome.Refusal?.Reason == CasReasons.OverBudget));
        Assert.Equal(16, forge.Drawn);

        // An update that raises all versions costs the same. The budget comes back slowly.
        var name = outcomes.First(outcome => outcome.Value is not null).Value!.Name;
        var next = $"predecessor: {TestCas.Hash(Flood(name, 16))}\n{Flood(name, 16, version: 1)}";
        Assert.Equal(CasReasons.OverBudget, await ExpectReasonAsync(cas.UpdateAsync(name, next)));
        cas.Time.Now += TimeSpan.FromMinutes(6);
        await cas.UpdateAsync(name, next);
        Assert.Equal(32, forge.Drawn);
        // Another caller has its own budget, and elliptic keys cost next to nothing.
        await cas.CreateAsync(Flood("bobs", 2), TestCas.Bob);
        cas.Time.Now += TimeSpan.FromMinutes(1);
        await cas.CreateAsync(Flood("small", 200).Replace("RSA-3072", "P-256", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Large_texts_are_read_within_the_budget_also_those_that_are_refused()
    {
        // 244 units each.
        var large = Utf8($"name: x\nservices: []\n# {new string('#', 1_000_000)}\n");
        var reasons = new List<RefusalReason>();
        for (var i = 0; i < 80; i++)
        {
            reasons.Add((await ExpectRefusalAsync(cas.Sessions.CreateAsync(large, TestCas.Alice, source: From("192.0.2.1")))).Reason);
        }
        Assert.Equal(CasReasons.Invalid, reasons[0]);
        Assert.Equal(65, reasons.Count(reason => reason == CasReasons.Invalid));
        Assert.Equal(CasReasons.OverBudget, reasons[^1]);
        await cas.CreateAsync("name: small\naccess_policy: {}\n");
    }

    [Fact]
    public async Task New_keys_of_one_address_share_the_budget_of_four()
    {
        var taken = 0;
        for (var i = 0; i < 12; i++)
        {
            using var key = IdentityKey.Create();
            var source = From($"2001:db8::{i + 1}");
            taken += (await cas.Sessions.CreateAsync(Utf8(Flood($"s{i}", 16)), key.SubjectPublicKeyInfo, source: source)).Value is null
                ? 0
                : 1;
        }
        Assert.Equal(6, taken);
        Assert.NotNull((await cas.Sessions.CreateAsync(Utf8(Flood("other", 16)), TestCas.Bob, source: From("2001:db8:1::1"))).Value);
    }

    [Fact]
    public async Task Work_stops_when_the_caller_has_gone_and_the_rest_is_not_charged()
    {
        using var leaving = new CancellationTokenSource();
        forge.Before = _ => leaving.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => cas.Sessions.CreateAsync(Utf8(Flood("gone", 16)), TestCas.Alice, source: new CallSource(null, leaving.Token)));
        Assert.InRange(forge.Drawn, 1, 2);
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ReadAsync("gone", TestCas.Alice)));
        forge.Before = null;
        await cas.CreateAsync(Flood("gone", 16));
    }

    [Fact]
    public async Task Of_a_race_for_one_name_nothing_but_the_winner_is_left()
    {
        var before = await CountAsync();
        var source = Enumerable.Range(0, 8).Select(_ => IdentityKey.Create()).ToList();
        var outcomes = await Task.WhenAll(source.Select(key => Task.Run(
            () => cas.Sessions.CreateAsync(Utf8(Flood("one", 3)), key.SubjectPublicKeyInfo))));
        source.ForEach(key => key.Dispose());
        Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.All(outcomes.Where(outcome => outcome.Value is null), each => Assert.Equal(CasReasons.Conflict, each.Refusal!.Reason));
        var after = await CountAsync();
        Assert.Equal((before.Sessions + 1, before.Lines + 1), after);

        Task<(int Sessions, long Lines)> CountAsync() => cas.Vault.RunAsync(
            transaction => (transaction.CountSessions(), (long)transaction.ReadLog(0, 100).Lines.Count));
    }

    [Fact]
    public async Task A_cluster_that_starts_at_once_renews_a_secret_once_and_its_creator_pays()
    {
        const string Rotating = "{name: NAME, kind: private-key, key_type: RSA-3072, rotation: {every: 1m}}";
        await cas.CreateAsync(Rotate("shop"));
        var drawn = forge.Drawn;
        cas.Time.Now += TimeSpan.FromMinutes(2);
        var certificate = cas.Certificate(TestCas.Program);
        var request = new ConfigurationRequest("shop", "web");
        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => Task.Run(() => cas.Admissions.ConfigureAsync(request, certificate))));
        Assert.All(outcomes, outcome => Assert.Null(outcome.Refusal));
        Assert.Equal(drawn + 8, forge.Drawn);

        // 8 keys of 600 units each minute are more than comes back.
        RefusalReason? reason = null;
        for (var i = 0; i < 5 && reason is null; i++)
        {
            cas.Time.Now += TimeSpan.FromMinutes(1);
            reason = (await cas.Admissions.ConfigureAsync(request, certificate)).Refusal?.Reason;
        }
        Assert.Equal(CasReasons.OverBudget, reason);
        Assert.InRange(forge.Drawn - drawn, 8, 32);

        static string Rotate(string name) => TestCas.Session.Replace("name: shop", $"name: {name}", StringComparison.Ordinal)
            + string.Concat(Enumerable.Range(0, 8).Select(i => $"  - {Rotating.Replace("NAME", $"k{i}", StringComparison.Ordinal)}\n"));
    }

    // Draws first and asks afterwards.
    private async Task<Outcome<SessionDescription>> CreateNaivelyAsync(string session, byte[] key)
    {
        var document = SessionDocument.Read(Utf8(session)).Value!;
        foreach (var (_, type) in SecretMaker.Plan(document, null, cas.Time.Now).Keys)
        {
            await forge.Forge.DrawAsync(type, KeyHash.Of(key), default);
        }
        return await cas.Sessions.CreateAsync(Utf8(session), key);
    }

    private static CallSource From(string address) => new(IPAddress.Parse(address), default);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Flood(string name, int count, int version = 0, string secret = Rsa) =>
        $"name: {name}\nservices: []\naccess_policy: {{read: [CREATOR]}}\nsecrets:\n"
        + string.Concat(Enumerable.Range(0, count).Select(i =>
            "  - " + secret.Replace("NAME", $"k{i}", StringComparison.Ordinal).Replace("VERSION", $"{version}", StringComparison.Ordinal)
            + "\n"));
}
