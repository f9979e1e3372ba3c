using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation;
using Guardian.Simulation.Processor;
using Microsoft.Data.Sqlite;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Audit;

/// <summary>The audit log is complete and signed, hides its details, and names each kind of forgery.</summary>
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
        Assert.Equal(6, Verify(page).Sequence);
    }

    [Fact]
    public async Task The_log_tells_strangers_nothing_about_a_session()
    {
        await FillAsync();
        var page = await cas.Audit.ReadAsync("0", TestCas.Bob).ValueAsync();
        Assert.All(page.Details, Assert.Null);
        // Names that are too long to occur in ciphertext by chance.
        foreach (var name in new[] { "\"shop\"", "shop/web", "shop/budget" })
        {
            Assert.All(page.Lines, line => Assert.Equal(-1, Payload(line).Sealed.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name))));
        }
        Verify(page);
    }

    [Fact]
    public async Task A_page_has_all_its_lines_although_the_store_reads_them_in_parts()
    {
        await FillAsync();
        for (var i = 0; i < 500; i++)
        {
            await cas.ConfigureAsync();
        }
        var page = await ReadAsync();
        Assert.Equal(500, page.Lines.Count);
        Assert.Equal(500, page.Details.Count);
        // The start of the CAS is no line of this session.
        Assert.DoesNotContain(null, page.Details.Skip(1));
        Assert.Equal(Enumerable.Range(1, 500).Select(number => (long)number), page.Lines.Select(line => Payload(line).Sequence));
        var rest = await cas.Audit.ReadAsync("500", TestCas.Alice).ValueAsync();
        Assert.Equal([501L, 502, 503, 504, 505, 506], rest.Lines.Select(line => Payload(line).Sequence));
    }

    [Fact]
    public async Task The_log_continues_over_restarts_with_a_new_key_each()
    {
        await FillAsync();
        cas.Reopen();
        await cas.ConfigureAsync();
        var page = await ReadAsync();
        Assert.Equal(["started", "service-admitted"], Events(page)[6..]);
        Verify(page);
    }

    [Fact]
    public async Task Every_line_that_is_altered_exchanged_or_left_out_is_detected()
    {
        await FillAsync();
        var page = await ReadAsync();
        for (var i = 0; i < page.Lines.Count; i++)
        {
            // One character in the payload, the last one of the payload, and one in the signature.
            foreach (var place in new[] { 3, page.Lines[i].IndexOf('.', StringComparison.Ordinal) - 1, page.Lines[i].Length - 3 })
            {
                var flipped = page.Lines[i].ToCharArray();
                flipped[place] = flipped[place] == 'A' ? 'B' : 'A';
                var changed = page with { Lines = [.. page.Lines.Take(i), new string(flipped), .. page.Lines.Skip(i + 1)] };
                Assert.NotEqual(CasReasons.RolledBack, Refuse(changed));
            }
            if (i is > 0 and < 5)
            {
                Assert.Equal(CasReasons.Altered, Refuse(page with { Lines = [.. page.Lines.Take(i), .. page.Lines.Skip(i + 1)] }));
                Assert.Equal(CasReasons.Altered, Refuse(page with
                {
                    Lines = [.. page.Lines.Take(i), page.Lines[i + 1], page.Lines[i], .. page.Lines.Skip(i + 2)],
                }));
            }
        }
    }

    [Fact]
    public async Task Truncation_rollback_and_a_foreign_log_have_different_reasons()
    {
        await FillAsync();
        var before = await ReadAsync();
        Backup();
        cas.Reopen();
        var later = await ReadAsync();
        var known = Verify(later);
        Assert.Equal(CasReasons.Truncated, Refuse(later with { Lines = before.Lines }));
        Assert.Equal(CasReasons.Truncated, Refuse(later with { Lines = [] }));
        Assert.Equal(CasReasons.RolledBack, Refuse(before, known));
        Verify(later, Verify(before));

        // The host rolls the whole database back, and the CAS continues from there. It cannot know, but the owner of an older log can.
        cas.Vault.Dispose();
        Restore();
        cas.Reopen();
        await cas.ConfigureAsync();
        var forked = await ReadAsync();
        Verify(forked);
        Assert.Equal(CasReasons.RolledBack, Refuse(forked, known));

        using var other = new TestCas();
        var foreign = await other.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();
        Assert.Equal(CasReasons.Foreign, Refuse(foreign, known));
        Assert.Equal(CasReasons.Foreign, Refuse(foreign with { Head = later.Head }));
    }

    [Fact]
    public async Task A_log_of_other_code_is_not_trusted()
    {
        var page = await ReadAsync();
        var other = Policy with { Identities = [new AcceptedIdentity { MrEnclaves = [default] }] };
        var outcome = AuditVerifier.Verify(
            Lines(page), Encoding.UTF8.GetBytes(page.Head), null, other, cas.Time.Now, SimulatedPlatforms.Verifier);
        Assert.Equal(CasReasons.NotTrusted, outcome.Refusal?.Reason);
        Assert.Equal(CasReasons.NotTrusted, Refuse(page with { Head = "{}" }));
    }

    private async Task FillAsync()
    {
        var session = TestCas.Session.Replace("    platforms:", "    tags: [budget]\n    platforms:", StringComparison.Ordinal);
        await cas.CreateAsync(session);
        await cas.ConfigureAsync();
        using var stranger = TestCas.Launch(7);
        await ExpectRefusalAsync(cas.ConfigureAsync(enclave: stranger));
        var change = new TagChange("shop", "budget", null, new byte[32]);
        await cas.Admissions.SetTagAsync(change, cas.Certificate(TestCas.Program)).ValueAsync();
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(session)}\n{session}");
    }

    private Task<AuditPage> ReadAsync() => cas.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();

    private AuditHead Verify(AuditPage page, AuditHead? earlier = null)
    {
        var (head, refusal) = TryVerify(page, earlier);
        Assert.Null(refusal);
        return Assert.IsType<AuditHead>(head);
    }

    private RefusalReason Refuse(AuditPage page, AuditHead? earlier = null)
    {
        var (head, refusal) = TryVerify(page, earlier);
        Assert.Null(head);
        return Assert.IsType<Refusal>(refusal).Reason;
    }

    private Outcome<AuditHead> TryVerify(AuditPage page, AuditHead? earlier) =>
        AuditVerifier.Verify(Lines(page), Encoding.UTF8.GetBytes(page.Head), earlier, Policy, cas.Time.Now, SimulatedPlatforms.Verifier);

    private static ReadOnlyMemory<byte>[] Lines(AuditPage page) =>
        [.. page.Lines.Select(line => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(line))];

    private static List<string> Events(AuditPage page) => [.. page.Lines.Select(line => Payload(line).Event)];

    private static AuditPayload Payload(string line) => AuditLine.TryRead(Encoding.ASCII.GetBytes(line))!.Value.Payload;

    // The database and the file of its key: with the database alone, the CAS refuses.
    private void Backup()
    {
        Execute($"VACUUM INTO '{Path.Combine(cas.Folder, "copy.sqlite")}'");
        File.Copy(KeyPath, Path.Combine(cas.Folder, "copy.key"));
    }

    private string KeyPath => Assert.Single(Directory.GetFiles(cas.Folder, "*.sealed"));

    private void Restore()
    {
        foreach (var file in Directory.GetFiles(cas.Folder, "cas.sqlite*"))
        {
            File.Delete(file);
        }
        File.Copy(Path.Combine(cas.Folder, "copy.sqlite"), Path.Combine(cas.Folder, "cas.sqlite"));
        File.Copy(Path.Combine(cas.Folder, "copy.key"), KeyPath, overwrite: true);
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
