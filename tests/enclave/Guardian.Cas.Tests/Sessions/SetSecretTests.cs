using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>People set the values of secrets apart from the session, and an update of the session gets no value from them.</summary>
public sealed class SetSecretTests : IDisposable
{
    private static readonly string AliceHash = KeyHash.Of(TestCas.Alice);
    private static readonly string BobHash = KeyHash.Of(TestCas.Bob);

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task A_service_starts_when_the_people_whom_the_session_names_have_set_its_secrets()
    {
        var hash = (await cas.CreateAsync(Session())).Hash;
        var denied = await ExpectRefusalAsync(cas.ConfigureAsync());
        Assert.Equal(CasReasons.Denied, denied.Reason);
        Assert.Contains(
            "secret: found no value of 'db'; accepted a value that is set by", Assert.Single(denied.Problems), StringComparison.Ordinal);
        Assert.Contains("guardian secret set shop db", denied.Problems[0], StringComparison.Ordinal);
        var before = Assert.Single((await ListAsync(TestCas.Bob)).Secrets);
        Assert.Equal(("db", "ascii", "people", false, 0, true, false),
            (before.Name, before.Kind, before.Source, before.HasValue, before.Version, before.MaySet, before.MayRead));

        var set = await SetAsync(hash, "s3cret");
        Assert.Equal((true, 1, BobHash, cas.Time.Now), (set.HasValue, set.Version, set.By, set.At));
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Environment["DB"]);
        Assert.Equal(2, (await SetAsync(hash, "another")).Version);
        cas.Reopen();
        Assert.Equal("another", (await cas.ConfigureAsync()).Environment["DB"]);

        // The log says who set it when, and not what it is.
        var page = await cas.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();
        var noted = page.Details.Where(detail => detail?.Subject == "shop/db").ToList();
        Assert.Equal(2, noted.Count);
        Assert.All(noted, detail => Assert.Equal(BobHash, detail!.By));
        Assert.DoesNotContain(page.Details, detail => $"{detail}".Contains("another", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stranger_learns_nothing_and_the_creator_sets_and_reads_nothing_that_the_session_does_not_give()
    {
        var carol = NewKey();
        var hash = (await cas.CreateAsync(Session())).Hash;
        await SetAsync(hash, "s3cret");
        var absent = await ExpectRefusalAsync(cas.Secrets.ListAsync("none", carol));
        foreach (var refused in new[]
        {
            await ExpectRefusalAsync(cas.Secrets.ListAsync("shop", carol)),
            await ExpectRefusalAsync(cas.Secrets.ReadAsync("shop", "db", carol)),
            await ExpectRefusalAsync(cas.Secrets.ReadAsync("shop", "none", carol)),
            await ExpectRefusalAsync(cas.Secrets.SetAsync(Change(hash, "mine"), carol)),
        })
        {
            Assert.Equal(
                (absent.Reason, absent.Detail), (refused.Reason, refused.Detail.Replace("'shop'", "'none'", StringComparison.Ordinal)));
        }
        // Alice created the session and reads its text. The one who sets the value does not read it either.
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Secrets.SetAsync(Change(hash, "mine"), TestCas.Alice)));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Secrets.ReadAsync("shop", "db", TestCas.Alice)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Secrets.ReadAsync("shop", "db", TestCas.Bob)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Secrets.ReadAsync("shop", "none", TestCas.Alice)));
        Assert.Equal(["key", "db"], (await ListAsync(TestCas.Alice)).Secrets.Select(secret => secret.Name));
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Environment["DB"]);
    }

    [Fact]
    public async Task Readers_whom_the_session_names_read_a_value_and_the_log_notes_it()
    {
        var text = Session(
            db: $"{{name: db, kind: ascii, set: [{BobHash}], read: [CREATOR]}}",
            key: $"{{name: key, kind: private-key, read: [{BobHash}]}}", environment: "DB: $$GUARDIAN::db$$");
        var hash = (await cas.CreateAsync(text)).Hash;
        Assert.Contains("no value yet", (await ExpectRefusalAsync(cas.Secrets.ReadAsync("shop", "db", TestCas.Alice))).Detail,
            StringComparison.Ordinal);
        await SetAsync(hash, "s3cret");
        Assert.Equal("s3cret"u8.ToArray(), (await cas.Secrets.ReadAsync("shop", "db", TestCas.Alice).ValueAsync()).Value);
        var pem = (await cas.Secrets.ReadAsync("shop", "key", TestCas.Bob).ValueAsync()).Value;
        using var key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(pem));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Secrets.ReadAsync("shop", "key", TestCas.Alice)));
        var page = await cas.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();
        Assert.Contains(page.Details, detail => detail is { Subject: "shop/db" } && detail.By == AliceHash);
    }

    // Alice may update the session. Each text gives her the value that Bob set, or its key to people whom she chooses.
    [Theory]
    [InlineData("{name: db, kind: ascii, set: [BOB]}", "OTHER: x$$GUARDIAN::db$$")]
    [InlineData("{name: db, kind: ascii, set: [ALICE]}", "DB: $$GUARDIAN::db$$")]
    [InlineData("{name: db, kind: ascii, set: [BOB], read: [ALICE]}", "DB: $$GUARDIAN::db$$")]
    public async Task A_changed_session_gets_no_value_from_the_people_who_set_it(string db, string environment)
    {
        var before = Session();
        var hash = (await cas.CreateAsync(before)).Hash;
        await SetAsync(hash, "s3cret");
        var next = $"predecessor: {hash}\n" + Session(With(db), environment: environment);

        using (var naive = new TestCas())
        {
            // A naive CAS keeps what has the same name and kind, as for secrets that it draws itself.
            await naive.CreateAsync(before);
            await naive.Secrets.SetAsync(Change(hash, "s3cret"), TestCas.Bob).ValueAsync();
            await NaiveUpdateAsync(naive, next);
            var stolen = await naive.ConfigureAsync();
            var read = await naive.Secrets.ReadAsync("shop", "db", TestCas.Alice);
            var rule = await naive.Secrets.ListAsync("shop", TestCas.Alice).ValueAsync();
            Assert.True(stolen.Environment.ContainsKey("OTHER") || read.Value is not null || rule.Secrets[1].MaySet);
            Assert.Equal("s3cret", await ValueOfAsync(naive));
        }

        var refused = await ExpectRefusalAsync(cas.UpdateAsync("shop", next));
        Assert.Equal(CasReasons.Denied, refused.Reason);
        Assert.Contains("guardian session sign", Assert.Single(refused.Problems), StringComparison.Ordinal);
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Environment["DB"]);
    }

    // These texts are accepted, and the value is gone from every place.
    [Theory]
    [InlineData("{name: db, kind: ascii, set: [BOB], version: 1}", "DB: $$GUARDIAN::db$$")]
    [InlineData("{name: db, kind: ascii, set: [BOB], version: 1, rotation: {grace: 30d}}", "DB: x$$GUARDIAN::db.previous$$")]
    [InlineData("{name: db, kind: ascii, set: [ALICE], version: 1, read: [ALICE]}", "DB: $$GUARDIAN::db$$")]
    [InlineData("{name: db, kind: ascii, set: [BOB], pinned: true}", "DB: $$GUARDIAN::db$$")]
    [InlineData("{name: db, kind: binary, set: [ALICE], read: [ALICE]}", "DB: $$GUARDIAN::db:hex$$")]
    [InlineData("{name: db, kind: ascii, size: 6, read: [ALICE], rotation: {grace: 30d}}", "DB: $$GUARDIAN::db.previous$$")]
    [InlineData("{name: db, kind: ascii, value: other, read: [ALICE]}", "DB: $$GUARDIAN::db$$")]
    [InlineData("{name: db2, kind: ascii, set: [ALICE], read: [ALICE]}", "DB: $$GUARDIAN::db2$$")]
    public async Task A_session_that_drops_a_value_does_not_find_it_again(string db, string environment)
    {
        var hash = (await cas.CreateAsync(Session(db: "{name: db, kind: ascii, set: [BOB], rotation: {grace: 30d}}"))).Hash;
        await SetAsync(hash, "s3cret");
        await SetAsync(hash, "s3cret2");
        var next = $"predecessor: {hash}\n" + Session(With(db), environment: environment);
        hash = (await cas.UpdateAsync("shop", next)).Hash;
        var (configuration, _) = await cas.Admissions.ConfigureAsync(
            new ConfigurationRequest("shop", "web"), cas.Certificate(TestCas.Program));
        Assert.DoesNotContain("s3cret", configuration?.Environment["DB"] ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", await ValueOfAsync(cas) ?? "", StringComparison.Ordinal);

        // The way back to the first text does not bring it back.
        await cas.UpdateAsync("shop", $"predecessor: {hash}\n{Session(db: "{name: db, kind: ascii, set: [BOB], rotation: {grace: 30d}}")}");
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.ConfigureAsync()));
    }

    [Fact]
    public async Task An_update_to_which_the_setters_agree_keeps_the_value()
    {
        using var setter = Guardian.Attestation.Identity.IdentityKey.Create();
        var db = $"{{name: db, kind: ascii, set: [{setter.PublicKey}]}}";
        var hash = (await cas.CreateAsync(Session(db))).Hash;
        await cas.Secrets.SetAsync(Change(hash, "s3cret"), setter.SubjectPublicKeyInfo).ValueAsync();
        var next = $"predecessor: {hash}\n" + Session(db, environment: "URL: sql://$$GUARDIAN::db$$");
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.UpdateAsync("shop", next)));
        var other = SessionSignature.Create(hash, setter);
        Assert.Equal(
            CasReasons.Invalid, await ExpectReasonAsync(cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, [other])));
        var signature = SessionSignature.Create(TestCas.Hash(next), setter);
        await cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, [signature]).ValueAsync();
        Assert.Equal("sql://s3cret", (await cas.ConfigureAsync()).Environment["URL"]);
        // An ordinary life: who updates the session is who sets the value.
        var own = Session("{name: db, kind: ascii, set: [CREATOR]}").Replace("name: shop", "name: own", StringComparison.Ordinal);
        hash = (await cas.CreateAsync(own)).Hash;
        await cas.Secrets.SetAsync(new SecretChange("own", "db", hash, "mine"u8.ToArray()), TestCas.Alice).ValueAsync();
        await cas.UpdateAsync("own", $"predecessor: {hash}\n{own}");
        Assert.Equal("mine", (await cas.ConfigureAsync("own")).Environment["DB"]);
    }

    [Fact]
    public async Task A_value_is_set_for_the_text_that_its_setter_saw()
    {
        // Alice changes the session after Bob has read it. A naive CAS takes the value for any text of the name.
        var seen = (await cas.CreateAsync(Session())).Hash;
        var next = $"predecessor: {seen}\n" + Session(environment: "STOLEN: $$GUARDIAN::db$$");
        var now = (await cas.UpdateAsync("shop", next)).Hash;
        var refused = await ExpectRefusalAsync(cas.Secrets.SetAsync(Change(seen, "s3cret"), TestCas.Bob));
        Assert.Equal(CasReasons.Conflict, refused.Reason);
        Assert.Contains(now, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.ConfigureAsync()));
    }

    [Fact]
    public async Task The_previous_value_stays_for_the_grace()
    {
        var hash = (await cas.CreateAsync(Session(
            "{name: db, kind: ascii, set: [BOB], rotation: {grace: 1h}}",
            environment: "DB: $$GUARDIAN::db$$|$$GUARDIAN::db.previous$$"))).Hash;
        await SetAsync(hash, "one");
        Assert.Equal("one|", (await cas.ConfigureAsync()).Environment["DB"]);
        await SetAsync(hash, "two");
        Assert.Equal("two|one", (await cas.ConfigureAsync()).Environment["DB"]);
        cas.Time.Now += TimeSpan.FromHours(2);
        Assert.Equal("two|", (await cas.ConfigureAsync()).Environment["DB"]);
    }

    [Fact]
    public async Task Values_outlive_the_rotation_of_other_secrets_and_every_refused_update()
    {
        var hash = (await cas.CreateAsync(Session(key: "{name: key, kind: binary, size: 8, rotation: {every: 30d}}"))).Hash;
        await SetAsync(hash, "s3cret");
        cas.Time.Now += TimeSpan.FromDays(31);
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Environment["DB"]);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.UpdateAsync("shop", Session())));
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Environment["DB"]);
    }

    [Theory]
    [InlineData("ascii", "two\nlines")]
    [InlineData("ascii", "")]
    [InlineData("ascii", "é")]
    [InlineData("private-key", "-----BEGIN PRIVATE KEY-----")]
    public async Task A_value_has_the_form_of_its_kind(string kind, string value)
    {
        var text = Session($"{{name: db, kind: {kind}, set: [BOB]}}", environment: "A: b");
        var hash = (await cas.CreateAsync(text)).Hash;
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.Secrets.SetAsync(Change(hash, value), TestCas.Bob)));
        var large = new SecretChange("shop", "db", hash, new byte[SecretValues.MaxSize + 1]);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.Secrets.SetAsync(large, TestCas.Bob)));
    }

    [Theory]
    [InlineData("{name: db, kind: ascii, set: [ANY]}", "strangers")]
    [InlineData("{name: db, kind: ascii, set: [{require-at-least-1: [ANY, NONE]}]}", "strangers")]
    [InlineData("{name: db, kind: ascii, set: [NONE]}", "no key alone")]
    [InlineData("{name: db, kind: ascii, set: [{require-all: [CREATOR, BOB]}]}", "no key alone")]
    [InlineData("{name: db, kind: ascii, set: [BOB], size: 4}", "'size' is not known here")]
    [InlineData("{name: db, kind: ascii, set: [BOB], value: x}", "'value' is not known here")]
    [InlineData("{name: db, kind: ascii, set: [BOB], rotation: {every: 1d}}", "'grace' alone")]
    [InlineData("{name: db, kind: ascii, set: [BOB], export_public: true}", "not exported")]
    [InlineData("{name: db, kind: x509, set: [BOB]}", "only a binary")]
    [InlineData("{name: db, kind: ascii, size: 4, read: [ANY]}", "strangers")]
    [InlineData("{name: db, kind: ascii, set: BOB}", "must be a list")]
    [InlineData("{name: db, kind: ascii, import: {session: a, secret: b}, set: [BOB]}", "'set' is not known here")]
    public async Task Rules_that_make_no_sense_are_mistakes(string db, string expected)
    {
        var refusal = await ExpectRefusalAsync(cas.CreateAsync(Session(With(db), environment: "A: b")));
        Assert.Contains(refusal.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_needs_a_key_that_is_there_from_the_start()
    {
        var refusal = await ExpectRefusalAsync(cas.CreateAsync(Session(
            "{name: db, kind: private-key, set: [BOB]}", "{name: key, kind: x509, private_key: db}", "A: b")));
        Assert.Contains("from the start", Assert.Single(refusal.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("set: [BOB], pinned: true", "people may set or read")]
    [InlineData("size: 16, pinned: true, read: [BOB]", "people may set or read")]
    [InlineData("size: 16, pinned: true", null)]
    public async Task A_room_does_not_take_a_key_that_people_may_set_or_read(string how, string? leak)
    {
        // A naive check asks only whether the key is pinned and the session immutable.
        var text = "access_policy: {update: [NONE]}\n" + Session(
            $"{{name: db, kind: binary, {how}}}", "{name: other, kind: ascii, size: 4}", "KEY: $$GUARDIAN::db:hex$$");
        var (document, _) = SessionDocument.Read(TestCas.Utf8(text));
        Assert.Equal(leak is null, document!.FindLeak("web", "KEY") is null);
        Assert.Contains(leak ?? "", document.FindLeak("web", "KEY") ?? "", StringComparison.Ordinal);
        var hash = (await cas.CreateAsync(text)).Hash;
        if (how.StartsWith("set", StringComparison.Ordinal))
        {
            await SetAsync(hash, "s3cret");
        }
        Assert.Equal(leak is null ? ["KEY"] : [], (await cas.ConfigureAsync()).PinnedVariables);
    }

    private static byte[] NewKey()
    {
        using var key = Guardian.Attestation.Identity.IdentityKey.Create();
        return key.SubjectPublicKeyInfo;
    }

    private static string With(string secret) =>
        secret.Replace("BOB", BobHash, StringComparison.Ordinal).Replace("ALICE", AliceHash, StringComparison.Ordinal);

    private static string Session(
        string db = "{name: db, kind: ascii, set: [BOB]}", string key = "{name: key, kind: binary, size: 8}",
        string environment = "DB: $$GUARDIAN::db$$") => $$"""
        name: shop
        services:
          - name: web
            command: serve
            environment:
              {{environment}}
            attestation:
              - mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]
            platforms: [simulated]
        secrets:
          - {{key}}
          - {{With(db)}}

        """;

    private static SecretChange Change(string hash, string value) => new("shop", "db", hash, TestCas.Utf8(value));

    private static async Task NaiveUpdateAsync(TestCas naive, string text)
    {
        var (document, _) = SessionDocument.Read(TestCas.Utf8(text));
        await naive.Vault.TryRunAsync<string>(transaction =>
        {
            var state = transaction.FindSession("shop")!;
            transaction.PutSession(new SessionState(state.Stored with { Text = text }, document!));
            transaction.Audit("session-updated", "shop", "naive");
            return "";
        });
    }

    private static Task<string?> ValueOfAsync(TestCas cas) => cas.Vault.RunAsync(transaction =>
        transaction.FindSession("shop")!.Stored.Secrets.TryGetValue("db", out var value)
            ? Encoding.ASCII.GetString([.. value.Value, .. value.Previous ?? []])
            : null);

    private Task<SecretList> ListAsync(byte[] key) => cas.Secrets.ListAsync("shop", key).ValueAsync();

    private Task<SecretDescription> SetAsync(string hash, string value) =>
        cas.Secrets.SetAsync(Change(hash, value), TestCas.Bob).ValueAsync();
}
