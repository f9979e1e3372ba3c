using System.Text;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Owners;
using Guardian.Cas.Store;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Simulation;
using Guardian.Simulation.Processor;
using Microsoft.Data.Sqlite;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Store;

public sealed class VaultTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task Nothing_but_names_is_readable_on_disk()
    {
        await cas.CreateAsync(TestCas.Session.Replace("size: 12", "value: correct-horse", StringComparison.Ordinal));
        await cas.ConfigureAsync();
        cas.Vault.Dispose();
        var bytes = Directory.GetFiles(cas.Folder).SelectMany(File.ReadAllBytes).ToArray();
        Assert.True(bytes.AsSpan().IndexOf("shop"u8) >= 0);
        foreach (var secret in new[] { "correct-horse", "GREETING", "services", TestCas.Program.Identity.MrEnclave.ToString() })
        {
            Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)));
        }
    }

    // The database is as it must be; a remedy that restores an older one would lose what came later.
    [Fact]
    public async Task A_replica_whose_evidence_is_not_valid_now_is_no_altered_entry()
    {
        using (TestCas.OpenVault(cas.Folder, TestCas.Cas, new TestTime()))
        {
            // Its start is an entry.
        }
        var now = cas.Time.Now;
        cas.Time.Now = new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => cas.Vault.RunAsync(_ => true));
        Assert.Contains("not at 1970-01-01", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("restore", failure.Message, StringComparison.Ordinal);
        cas.Time.Now = now;
        Assert.True(await cas.Vault.RunAsync(_ => true));
    }

    [Theory]
    [InlineData("UPDATE rows SET value = (SELECT value FROM rows WHERE name = 'other') WHERE name = 'shop'",
        "session 'shop' was altered or rolled back")]
    [InlineData("UPDATE rows SET value = x'00' WHERE name = 'shop'", "session 'shop' was altered or rolled back")]
    [InlineData("UPDATE rows SET value = CAST(substr(value, 1, 40) || CASE substr(value, 41, 1) WHEN x'FF' THEN x'00' ELSE x'FF' END || "
        + "substr(value, 42) AS BLOB) WHERE name = 'shop'", "session 'shop' was altered or rolled back")]
    [InlineData("DELETE FROM rows WHERE name = 'shop'", "session 'shop' was removed")]
    [InlineData("INSERT INTO rows VALUES ('session', 'new', (SELECT value FROM rows WHERE name = 'shop'))",
        "session 'new' was altered or rolled back")]
    [InlineData("DELETE FROM rows WHERE kind = 'head'", "head")]
    [InlineData("UPDATE rows SET value = x'00' WHERE kind = 'head'", "head was altered")]
    public async Task The_next_start_names_the_rows_that_the_host_changed(string change, string expected)
    {
        await cas.CreateAsync(TestCas.Session);
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: other", StringComparison.Ordinal));
        cas.Vault.Dispose();
        Execute(change);
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => cas.Reopen()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_was_rolled_back_is_named()
    {
        await cas.CreateAsync(TestCas.Session);
        var earlier = Row();
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session}");
        cas.Vault.Dispose();
        Execute($"UPDATE rows SET value = x'{Convert.ToHexString(earlier)}' WHERE name = 'shop'");
        var refused = Assert.Throws<InvalidDataException>(() => cas.Reopen());
        Assert.Contains("session 'shop' was altered or rolled back", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_rolled_back_under_a_running_cas_is_refused()
    {
        await cas.CreateAsync(TestCas.Session);
        Execute("CREATE TABLE before AS SELECT * FROM rows");
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: other", StringComparison.Ordinal));
        Execute("DELETE FROM rows");
        Execute("INSERT INTO rows SELECT * FROM before");
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => cas.Sessions.ReadAsync("shop", TestCas.Alice));
        Assert.Contains("rolled back", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_processes_on_one_database_follow_each_other()
    {
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.OpenVault(cas.Folder, TestCas.Cas, cas.Time);
        var second = new CasServices(other, SimulatedPlatforms.Verifier, cas.Time);
        Assert.Equal("shop", (await second.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Name);
        var next = $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session}";
        await second.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice).ValueAsync();
        Assert.Equal(next, (await cas.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.UpdateAsync("shop", next)));
    }

    [Fact]
    public async Task Other_code_of_the_same_signer_does_not_open_the_store()
    {
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.Launch(101, isvSvn: 9);
        using var same = TestCas.Launch(100);
        byte[] secret = [1, 2, 3];
        // Naive: sealed to the signer, as it was before. The attacker signs other code as the same product.
        Assert.True(Sealing.TryUnseal(other, Sealing.Seal(same, KeyPolicy.MrSigner, secret), default, out var stolen));
        Assert.Equal(secret, stolen);

        var sealedKey = Assert.Single(Directory.GetFiles(cas.Folder, "*.sealed"));
        Assert.False(Sealing.TryUnseal(other, await File.ReadAllBytesAsync(sealedKey), default, out _));
        Assert.Contains("this code", Assert.Throws<InvalidDataException>(() => cas.Reopen(other)).Message, StringComparison.Ordinal);
        var renamed = sealedKey.Replace(
            same.Identity.MrEnclave.ToString()[..16], other.Identity.MrEnclave.ToString()[..16], StringComparison.Ordinal);
        File.Copy(sealedKey, renamed);
        Assert.Contains("other code", Assert.Throws<InvalidDataException>(() => cas.Reopen(other)).Message, StringComparison.Ordinal);
        cas.Reopen(same);
        Assert.Equal("shop", (await cas.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Name);
    }

    [Fact]
    public async Task Other_code_of_the_same_signer_is_no_replica_and_gets_no_key()
    {
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.Launch(101, isvSvn: 9);
        using var same = TestCas.Launch(100);
        var own = TestCas.Cas.Identity;
        // Naive: replicas by signer, product and version, as they were before.
        var policy = CasLaunch.ReplicasOf(TestCas.Cas);
        var naive = policy with
        {
            Identities = [new AcceptedIdentity { MrSigner = own.MrSigner, IsvProdId = own.IsvProdId, MinimumIsvSvn = own.IsvSvn }],
        };
        var certificate = TestCas.Certificate(other, EvidenceContext.CasStarting);
        Assert.NotNull((await OwnersOf(naive).HandOverKeyAsync(certificate)).Value);

        Assert.Equal(CasReasons.Denied, (await OwnersOf(policy).HandOverKeyAsync(certificate)).Refusal?.Reason);
        Assert.NotNull((await OwnersOf(policy).HandOverKeyAsync(TestCas.Certificate(same, EvidenceContext.CasStarting))).Value);
    }

    [Fact]
    public void Another_machine_does_not_open_the_store()
    {
        using var elsewhere = new TemporaryFolder();
        using var platform = SimulatedPlatform.Open(elsewhere.Path, 1024 * 1024);
        using var signer = EnclaveSigner.Create();
        var image = EnclaveImage.FromBytes(new byte[] { 100 });
        using var stranger = platform.Launch(
            image, signer.Sign(image.Measure(), 1, 3, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1)));
        Assert.Contains("database-key",
            Assert.Throws<InvalidDataException>(() => TestCas.OpenVault(cas.Folder, stranger, cas.Time)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_a_database_is_explained()
    {
        using var folder = new TemporaryFolder();
        folder.Write("cas.sqlite", new string('x', 5_000));
        Assert.Contains("cas.sqlite",
            Assert.Throws<InvalidDataException>(() => TestCas.OpenVault(folder.Path, TestCas.Cas, cas.Time)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_from_many_threads_all_count()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(
            i => cas.CreateAsync(TestCas.Session.Replace("name: shop", $"name: shop{i}", StringComparison.Ordinal))));
        cas.Reopen();
        for (var i = 0; i < 40; i++)
        {
            Assert.NotNull(await cas.Sessions.ReadAsync($"shop{i}", TestCas.Alice).ValueAsync());
        }
    }

    [Fact]
    public async Task Refused_work_changes_no_row_and_leaves_only_entries_without_changes_in_the_log()
    {
        var (value, refusal) = await cas.Vault.TryRunAsync<string>(transaction =>
        {
            transaction.Audit("kept", "cas", "test");
            transaction.Put("tag", "a", [1], "1");
            transaction.PutPlain("other", [2]);
            transaction.Audit("dropped", "cas", "test");
            transaction.Put("tag", "b", [1], "1");
            return CasReasons.Denied.Because("refused by the test");
        });
        Assert.Null(value);
        Assert.Equal(CasReasons.Denied, refusal?.Reason);
        cas.Reopen();
        var (rows, lines) = await cas.Vault.RunAsync(transaction => (transaction.ListNames("tag", ""), transaction.ReadLog(0, 10).Lines));
        Assert.Empty(rows);
        Assert.Equal(["started", "kept", "started"], lines.Select(line => AuditLine.TryRead(line.Line)!.Value.Payload.Event));
        using var command = Command("SELECT count(*) FROM rows WHERE kind = 'other'");
        Assert.Equal(0L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    private OwnerRegistry OwnersOf(AttestationPolicy replicas) =>
        new CasServices(cas.Vault, SimulatedPlatforms.Verifier, cas.Time, replicas).Owners;

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private byte[] Row()
    {
        using var command = Command("SELECT value FROM rows WHERE name = 'shop'");
        return (byte[])command.ExecuteScalar()!;
    }

    private SqliteCommand Command(string sql)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(cas.Folder, "cas.sqlite")};Pooling=False");
        connection.Open();
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Disposed += (_, _) => connection.Dispose();
        return command;
    }
}
