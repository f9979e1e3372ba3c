using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation;
using Npgsql;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Store;

/// <summary>Several active replicas on one PostgreSQL; each may die at any moment.</summary>
[Trait("Starts", "processes")]
public sealed class PostgresTests : IDisposable
{
    private static readonly string Session = TestCas.Session.Replace(
        "    platforms:", "    tags: [counter]\n    platforms:", StringComparison.Ordinal);

    private readonly TemporaryFolder folder = new();
    private readonly IdentityKey key = IdentityKey.Create();

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Replicas_share_the_store_and_no_acknowledged_move_is_lost_when_one_is_killed()
    {
        using var server = await PostgresServer.StartAsync();
        folder.Write("database", server.ConnectionString);
        using var first = await StartAsync("one");
        using var owner = Client(first.Address, key.CreateClientCertificate(TimeProvider.System.GetUtcNow()));
        await owner.CreateAsync(TestCas.Utf8(Session));
        var second = await StartAsync("two", "--join", first.Address.ToString());

        var acknowledged = new ConcurrentBag<long>();
        using var enough = new CancellationTokenSource();
        var writers = new[] { first.Address, second.Address, first.Address, second.Address }.Select(
            replica => CountAsync(replica, acknowledged, enough.Token)).ToArray();
        var killed = 0;
        for (var life = 0; life < 4; life++)
        {
            var goal = acknowledged.Count + 25;
            while (acknowledged.Count < goal)
            {
                Assert.True(
                    writers.Any(writer => !writer.IsCompleted), string.Join("; ", writers.Select(writer => writer.Exception?.Message)));
                await Task.Delay(5);
            }
            second.Dispose();
            killed++;
            second = await StartAsync("two");
            (writers[1], writers[3]) = (
                CountAsync(second.Address, acknowledged, enough.Token), CountAsync(second.Address, acknowledged, enough.Token));
        }
        await enough.CancelAsync();
        await Task.WhenAll(writers);
        second.Dispose();

        // Every move adds one, so each number is acknowledged at most once. A move in doubt at a kill may have happened too.
        Assert.Equal(acknowledged.Count, acknowledged.Distinct().Count());
        using var certificate = TestCas.CertificateWithKey(TestCas.Program);
        using var reader = Client(first.Address, certificate);
        var final = BinaryPrimitives.ReadInt64BigEndian(await reader.ReadTagAsync("shop", "counter"));
        Assert.InRange(final, acknowledged.Max(), acknowledged.Count + (2 * killed));
    }

    [Fact]
    public async Task A_replica_without_the_key_and_one_of_other_code_cannot_join()
    {
        using var server = await PostgresServer.StartAsync();
        folder.Write("database", server.ConnectionString);
        using var first = await StartAsync("one");
        Assert.Contains(
            "--join", (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("two"))).Message, StringComparison.Ordinal);

        using var certificate = TestCas.CertificateWithKey(TestCas.Program);
        using var stranger = Client(first.Address, certificate);
        var denied = await ExpectRefusalAsync(stranger.ReadStoreKeyAsync());
        Assert.Equal(CasReasons.Denied, denied.Reason);
        Assert.StartsWith("identity", denied.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_replica_refuses_a_database_that_was_rolled_back_or_altered()
    {
        using var server = await PostgresServer.StartAsync();
        var time = new TestTime();
        using var store = new StoreKey(new byte[32]);
        using var one = Vault.Open(PostgresRowStore.Open(server.ConnectionString), new StoreKey(store.Value), TestCas.NewAuditKey(), time);
        using var two = Vault.Open(PostgresRowStore.Open(server.ConnectionString), new StoreKey(store.Value), TestCas.NewAuditKey(), time);
        var (first, second) = (
            new CasServices(one, SimulatedPlatforms.Verifier, time), new CasServices(two, SimulatedPlatforms.Verifier, time));
        await first.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
        Assert.Equal(Session, (await second.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);

        await ExecuteAsync(server, "CREATE TABLE before AS SELECT * FROM rows");
        var next = TestCas.Utf8($"predecessor: {TestCas.Hash(Session)}\n{Session}");
        await second.Sessions.UpdateAsync("shop", next, TestCas.Alice).ValueAsync();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(first.Sessions.UpdateAsync("shop", next, TestCas.Alice)));
        await ExecuteAsync(server, "DELETE FROM rows; INSERT INTO rows SELECT * FROM before");
        foreach (var replica in new[] { first, second })
        {
            var refused = await Assert.ThrowsAsync<InvalidDataException>(() => replica.Sessions.ReadAsync("shop", TestCas.Alice));
            Assert.Contains("rolled back", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_broken_connection_fails_one_call_only()
    {
        using var server = await PostgresServer.StartAsync();
        var time = new TestTime();
        using var vault = Vault.Open(
            PostgresRowStore.Open(server.ConnectionString), new StoreKey(new byte[32]), TestCas.NewAuditKey(), time);
        var service = new CasServices(vault, SimulatedPlatforms.Verifier, time);
        await service.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
        // This waits until the backends have ended.
        await ExecuteAsync(server, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'guardian-cas'");
        await Assert.ThrowsAsync<StoreException>(() => service.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync());
        Assert.Equal(Session, (await service.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
    }

    // Counts up in a tag and collects the acknowledged numbers, until its replica dies.
    private static async Task CountAsync(Uri replica, ConcurrentBag<long> acknowledged, CancellationToken enough)
    {
        using var certificate = TestCas.CertificateWithKey(TestCas.Program);
        using var client = Client(replica, certificate);
        try
        {
            var current = await client.ReadTagAsync("shop", "counter", CancellationToken.None);
            while (!enough.IsCancellationRequested)
            {
                var next = new byte[32];
                var number = (current is null ? 0 : BinaryPrimitives.ReadInt64BigEndian(current)) + 1;
                BinaryPrimitives.WriteInt64BigEndian(next, number);
                var outcome = await client.SetTagAsync("shop", "counter", current, next, CancellationToken.None);
                if (outcome.Moved)
                {
                    acknowledged.Add(number);
                }
                current = outcome.Tag;
            }
        }
        catch (RefusedException failure) when (failure.IsTransient)
        {
            // The replica was killed.
        }
    }

    private static async Task ExecuteAsync(PostgresServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Task<Running> StartAsync(string machine, params string[] more) => GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cas", "guardian-cas",
        ["--state", folder.File($"state-{machine}"), "--machine", folder.File($"machine-{machine}"), "--listen", "127.0.0.1:0",
        "--database", folder.File("database"), .. more]);

    private static CasClient Client(Uri replica, X509Certificate2 certificate) => new(
        replica,
        new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))] }],
            Platforms = [PlatformKind.Simulated],
        },
        certificate, TimeProvider.System, SimulatedPlatforms.Verifier);
}
