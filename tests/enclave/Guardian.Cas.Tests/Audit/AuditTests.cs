using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Guardian.Sgx.Simulated;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas.Tests.Audit;

/// <summary>The audit log: complete, signed, hidden from whom it does not concern, and each way to falsify it has its own name.</summary>
public sealed class AuditTests : IDisposable
{
    private static readonly AttestationPolicy Policy = new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [TestCas.Cas.Identity.MrEnclave] }],
        Platforms = [PlatformKind.Simulated],
    };

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task Everything_that_happened_is_in_the_log_and_verifies()
    {
        await FillAsync();
        var page = await ReadAsync();
        Assert.Equal(["started", "session-created", "service-admitted", "service-denied", "tag-moved", "session-updated"], Events(page));
        Assert.Equal(["shop", "shop/web", "shop/web", "shop/budget", "shop"], page.Details.Skip(1).Select(detail => detail?.Subject));
        Assert.Contains("identity: found", page.Details[3]!.Text, StringComparison.Ordinal);
        var verdict = Verify(page);
        Assert.True(verdict.IsVerified, verdict.Detail);
        Assert.Equal(6, verdict.Head.Sequence);
    }

    [Fact]
    public async Task Who_may_not_read_a_session_learns_nothing_of_it_from_the_log()
    {
        await FillAsync();
        var page = await cas.Service.ReadAuditAsync("0", TestCas.Bob);
        Assert.All(page.Details, Assert.Null);
        // Long enough not to be there by chance.
        foreach (var name in new[] { "\"shop\"", "shop/web", "shop/budget" })
        {
            Assert.All(page.Lines, line => Assert.DoesNotContain(name, Encoding.UTF8.GetString(AuditLine.TryRead(Encoding.ASCII.GetBytes(line))!.Value.Payload.Sealed), StringComparison.Ordinal));
        }
        Assert.True(Verify(page).IsVerified);
    }

    [Fact]
    public async Task The_log_goes_on_over_restarts_with_a_new_key_each()
    {
        await FillAsync();
        cas.Reopen();
        await cas.ConfigureAsync();
        var page = await ReadAsync();
        Assert.Equal(["started", "service-admitted"], Events(page)[6..]);
        Assert.True(Verify(page).IsVerified, Verify(page).Detail);
    }

    [Fact]
    public async Task Every_line_that_is_altered_exchanged_or_left_out_is_noticed()
    {
        await FillAsync();
        var page = await ReadAsync();
        for (var i = 0; i < page.Lines.Count; i++)
        {
            // Some place in the payload, the last of the payload, and one in the signature.
            foreach (var place in new[] { 3, page.Lines[i].IndexOf('.', StringComparison.Ordinal) - 1, page.Lines[i].Length - 3 })
            {
                var flipped = page.Lines[i].ToCharArray();
                flipped[place] = flipped[place] == 'A' ? 'B' : 'A';
                var verdict = Verify(page with { Lines = [.. page.Lines.Take(i), new string(flipped), .. page.Lines.Skip(i + 1)] });
                Assert.False(verdict.IsVerified);
                Assert.NotEqual(AuditFailure.RolledBack, verdict.Failure);
            }
            if (i is > 0 and < 5)
            {
                Assert.Equal(AuditFailure.Altered, Verify(page with { Lines = [.. page.Lines.Take(i), .. page.Lines.Skip(i + 1)] }).Failure);
                Assert.Equal(AuditFailure.Altered, Verify(page with { Lines = [.. page.Lines.Take(i), page.Lines[i + 1], page.Lines[i], .. page.Lines.Skip(i + 2)] }).Failure);
            }
        }
    }

    [Fact]
    public async Task Truncation_rollback_and_a_foreign_log_are_told_apart()
    {
        await FillAsync();
        var before = await ReadAsync();
        Backup();
        cas.Reopen();
        var later = await ReadAsync();
        var known = Verify(later).Head;
        Assert.Equal(AuditFailure.Truncated, Verify(later with { Lines = before.Lines }).Failure);
        Assert.Equal(AuditFailure.Truncated, Verify(later with { Lines = [] }).Failure);
        Assert.Equal(AuditFailure.RolledBack, Verify(before, known).Failure);
        Assert.True(Verify(later, Verify(before).Head).IsVerified);

        // The host puts the whole database back, and the CAS goes on from there: it cannot know, but who kept an end does.
        cas.Vault.Dispose();
        Restore();
        cas.Reopen();
        await cas.ConfigureAsync();
        var forked = await ReadAsync();
        Assert.True(Verify(forked).IsVerified);
        Assert.Equal(AuditFailure.RolledBack, Verify(forked, known).Failure);

        using var other = new TestCas();
        var foreign = await other.Service.ReadAuditAsync("0", TestCas.Alice);
        Assert.Equal(AuditFailure.Foreign, Verify(foreign, known).Failure);
        Assert.Equal(AuditFailure.Foreign, Verify(foreign with { Head = later.Head }).Failure);
    }

    [Fact]
    public async Task A_log_of_other_code_is_not_trusted()
    {
        var page = await ReadAsync();
        var verdict = AuditVerifier.Verify(Lines(page), Encoding.UTF8.GetBytes(page.Head), null, Policy with { Identities = [new AcceptedIdentity { MrEnclaves = [default] }] }, cas.Time.Now);
        Assert.Equal(AuditFailure.NotTrusted, verdict.Failure);
        Assert.Equal(AuditFailure.NotTrusted, Verify(page with { Head = "{}" }).Failure);
    }

    private async Task FillAsync()
    {
        var session = TestCas.Session.Replace("    platforms:", "    tags: [budget]\n    platforms:", StringComparison.Ordinal);
        await cas.CreateAsync(session);
        await cas.ConfigureAsync();
        using var stranger = TestCas.Launch(7);
        await Assert.ThrowsAsync<CasException>(() => cas.ConfigureAsync(enclave: stranger));
        await cas.Service.SetTagAsync(new TagChange("shop", "budget", null, new byte[32]), TestCas.Certificate(TestCas.Program));
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(session)}\n{session}");
    }

    private Task<AuditPage> ReadAsync() => cas.Service.ReadAuditAsync("0", TestCas.Alice);

    private AuditVerdict Verify(AuditPage page, AuditHead? earlier = null) =>
        AuditVerifier.Verify(Lines(page), Encoding.UTF8.GetBytes(page.Head), earlier, Policy, cas.Time.Now);

    private static ReadOnlyMemory<byte>[] Lines(AuditPage page) => [.. page.Lines.Select(line => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(line))];

    private static List<string> Events(AuditPage page) => [.. page.Lines.Select(line => AuditLine.TryRead(Encoding.ASCII.GetBytes(line))!.Value.Payload.Event)];

    private void Backup() => Execute($"VACUUM INTO '{Path.Combine(cas.Folder, "copy.sqlite")}'");

    private void Restore()
    {
        foreach (var file in Directory.GetFiles(cas.Folder, "cas.sqlite*"))
        {
            File.Delete(file);
        }
        File.Copy(Path.Combine(cas.Folder, "copy.sqlite"), Path.Combine(cas.Folder, "cas.sqlite"));
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(cas.Folder, "cas.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
