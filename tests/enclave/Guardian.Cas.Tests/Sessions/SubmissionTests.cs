using Guardian.Attestation.Identity;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>A courier brings exactly what an author signed for this CAS, and gets no rights.</summary>
public sealed class SubmissionTests : IDisposable
{
    private static readonly byte[] Courier = TestCas.Bob;

    private readonly TestCas cas = new();
    private readonly IdentityKey author = IdentityKey.Create();

    private string Hash => KeyHash.Of(author.SubjectPublicKeyInfo);

    private string First => $"creator: {Hash}\n{TestCas.Session}";

    private string Second => $"predecessor: {TestCas.Hash(First)}\n{First}";

    public void Dispose()
    {
        cas.Dispose();
        author.Dispose();
    }

    [Fact]
    public async Task A_courier_creates_and_updates_a_session_that_stays_its_authors()
    {
        Assert.Equal(TestCas.Hash(First), (await CreateAsync(First).ValueAsync()).Hash);
        Assert.Equal(First, (await cas.Sessions.ReadAsync("shop", author.SubjectPublicKeyInfo).ValueAsync()).Text);
        await ExpectNoRightsAsync(TestCas.Hash(First));

        Assert.Equal(TestCas.Hash(Second), (await UpdateAsync(Second).ValueAsync()).Hash);
        await ExpectNoRightsAsync(TestCas.Hash(Second));
        Assert.Equal("hello", (await cas.ConfigureAsync()).Environment["GREETING"]);
        Assert.Equal(Hash, await CreatorOfAsync("shop"));
    }

    [Fact]
    public async Task The_audit_log_names_the_author_and_the_courier()
    {
        await CreateAsync(First).ValueAsync();
        var page = await cas.Audit.ReadAsync("0", author.SubjectPublicKeyInfo).ValueAsync();
        var entry = page.Details.Last(detail => detail?.Subject == "shop")!;
        Assert.Equal((Hash, $"hash {TestCas.Hash(First)}, brought by {KeyHash.Of(Courier)}"), (entry.By, entry.Text));
    }

    [Fact]
    public async Task A_submission_counts_in_one_cas_alone()
    {
        using var other = new TestCas();
        // A naive CAS takes the signature of the text as an order, and the text names no CAS.
        Assert.True(SessionSignature.Create(TestCas.Hash(First), author).IsOf(TestCas.Hash(First)));

        var here = Sign(First);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(First, here, other)));
        var consent = SessionSignature.Create(TestCas.Hash(First), author);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(First, consent)));
        await CreateAsync(First, here).ValueAsync();
    }

    [Fact]
    public async Task Changed_bytes_and_other_names_are_refused()
    {
        var signed = Sign(First);
        var changed = First.Replace("hello", "hullo", StringComparison.Ordinal);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(changed, signed)));
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(First + "\n", signed)));
        await CreateAsync(First, signed).ValueAsync();
        var renamed = cas.Sessions.UpdateAsync("other", TestCas.Utf8(Second), Courier, submission: Sign(Second));
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(renamed));
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(UpdateAsync(Second, Sign(First))));
    }

    [Fact]
    public async Task Each_signature_has_one_meaning()
    {
        foreach (var subject in Enum.GetValues<SignatureSubject>().Where(subject => subject != SignatureSubject.Submission))
        {
            var signature = SessionSignature.Create(SessionSubmission.HashOf(cas.Vault.LogId, TestCas.Hash(First)), author, subject);
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(First, signature)));
        }
        var submission = Sign(First);
        Assert.False(submission.IsOf(TestCas.Hash(First)));
        Assert.False(submission.IsOf(SessionDeletion.HashOf(cas.Vault.LogId, "shop"), SignatureSubject.Deletion));
    }

    [Fact]
    public async Task A_courier_that_leaves_the_submission_out_creates_nothing()
    {
        // Without the line, the courier is the creator of a text with the very hash that the author expects.
        var naive = TestCas.Session;
        Assert.Equal(TestCas.Hash(naive), (await cas.CreateAsync(naive, Courier)).Hash);
        Assert.Equal(KeyHash.Of(Courier), await CreatorOfAsync("shop"));

        using var fresh = new TestCas();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(fresh.CreateAsync(First, Courier)));
        using var courier = IdentityKey.Create();
        var own = Sign(First, courier, fresh.Vault.LogId);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(CreateAsync(First, own, fresh)));
        // The CAS takes no submission whose text has not this protection.
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(CreateAsync(naive, cas: fresh)));
        await fresh.CreateAsync(First, author.SubjectPublicKeyInfo);
    }

    [Fact]
    public async Task A_courier_that_leaves_the_submission_of_an_update_out_changes_nothing()
    {
        await CreateAsync(First).ValueAsync();
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.UpdateAsync("shop", Second, Courier)));
    }

    [Fact]
    public async Task A_replay_changes_nothing()
    {
        var (first, second) = (Sign(First), Sign(Second));
        await CreateAsync(First, first).ValueAsync();
        var before = await StateAsync();
        Assert.Equal(TestCas.Hash(First), (await CreateAsync(First, first).ValueAsync()).Hash);
        Assert.Equal(before, await StateAsync());

        await UpdateAsync(Second, second).ValueAsync();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(CreateAsync(First, first)));
        before = await StateAsync();
        Assert.Equal(TestCas.Hash(Second), (await UpdateAsync(Second, second).ValueAsync()).Hash);
        Assert.Equal(before, await StateAsync());

        var third = $"predecessor: {TestCas.Hash(Second)}\n{First}";
        await UpdateAsync(third).ValueAsync();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(UpdateAsync(Second, second)));
        await cas.Removal.DeleteAsync("shop", author.SubjectPublicKeyInfo, []).ValueAsync();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(CreateAsync(First, first)));
    }

    [Fact]
    public async Task A_stranger_learns_nothing_by_a_submission_of_its_own()
    {
        await CreateAsync(First).ValueAsync();
        using var stranger = IdentityKey.Create();
        var answer = await ExpectRefusalAsync(UpdateAsync(Second, Sign(Second, stranger)));
        Assert.Equal(CasReasons.NotFound, answer.Reason);
        Assert.DoesNotContain(TestCas.Hash(First), answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_a_courier_approves_nothing()
    {
        var below = First.Replace("name: shop", "name: team/shop", StringComparison.Ordinal);
        await cas.CreateAsync("name: team\naccess_policy:\n  create_sessions: [{require-at-least-2: [ANY, ANY]}]\n");
        // A naive CAS counts its caller as ever.
        var (naive, _) = Approvals.Verify(
            KeyHash.Of(Courier), TestCas.Hash(below), SignatureSubject.Session, [SessionSignature.Create(TestCas.Hash(below), author)]);
        Assert.Equal(2, naive!.Count);

        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(CreateAsync(below)));
        using var second = IdentityKey.Create();
        await cas.Sessions.CreateAsync(
            TestCas.Utf8(below), Courier, [SessionSignature.Create(TestCas.Hash(below), second)], submission: Sign(below)).ValueAsync();
    }

    [Fact]
    public async Task Sealed_values_open_for_the_author_and_not_for_the_courier()
    {
        var key = await cas.Vault.RunAsync(SealedValues.FindOrCreateKey);
        var open = $"""
            name: shop
            creator: {Hash}
            services:
              - name: web
                command: serve $$GUARDIAN::db$$
                attestation: [{"{mrenclave: [" + TestCas.Program.Identity.MrEnclave + "]}"}]
                platforms: [simulated]
            secrets:
              - name: db
                kind: ascii
                value: s3cret

            """;
        var (text, refusal) = SessionSealing.Seal(TestCas.Utf8(open), key, author.PublicKey);
        Assert.Null(refusal);
        Assert.DoesNotContain("s3cret", text!.Text, StringComparison.Ordinal);
        // Without the line that names the creator, the value does not open for the courier either.
        var stolen = text.Text.Replace($"creator: {Hash}\n", "", StringComparison.Ordinal);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.CreateAsync(stolen, Courier)));
        await CreateAsync(text.Text).ValueAsync();
        Assert.Equal("s3cret", (await cas.ConfigureAsync()).Command[1]);
    }

    [Fact]
    public async Task The_author_pays_for_keys_and_the_quota_and_the_courier_for_nothing()
    {
        await CreateAsync(First).ValueAsync();
        Assert.Equal((1, 0), await cas.Vault.RunAsync(transaction => (
            transaction.FindUsage(Hash).Sessions, transaction.FindUsage(KeyHash.Of(Courier)).Sessions)));
    }

    private Task<Outcome<SessionDescription>> CreateAsync(string text, SessionSignature? submission = null, TestCas? cas = null) =>
        (cas ?? this.cas).Sessions.CreateAsync(
            TestCas.Utf8(text), Courier, submission: submission ?? Sign(text, author, (cas ?? this.cas).Vault.LogId));

    private Task<Outcome<SessionDescription>> UpdateAsync(string text, SessionSignature? submission = null) =>
        cas.Sessions.UpdateAsync("shop", TestCas.Utf8(text), Courier, submission: submission ?? Sign(text));

    private SessionSignature Sign(string text, IdentityKey? key = null, string? identity = null) => SessionSignature.Create(
        SessionSubmission.HashOf(identity ?? cas.Vault.LogId, TestCas.Hash(text)), key ?? author, SignatureSubject.Submission);

    private async Task ExpectNoRightsAsync(string hash)
    {
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ReadAsync("shop", Courier)));
        var update = $"predecessor: {hash}\n{TestCas.Session}";
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.UpdateAsync("shop", update, Courier)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Removal.DeleteAsync("shop", Courier, [])));
    }

    private Task<string> CreatorOfAsync(string name) =>
        cas.Vault.RunAsync(transaction => transaction.FindSession(name)!.Stored.Creator);

    private Task<(long Revision, long Lines)> StateAsync() => cas.Vault.RunAsync(transaction =>
        (transaction.FindSession("shop")!.Stored.Revision, transaction.Log.Sequence));
}
