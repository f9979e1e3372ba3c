using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Doctor;
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
        using var reader = await ConnectAsync(first.Address);
        var final = BinaryPrimitives.ReadInt64BigEndian(await reader.ReadTagAsync("shop", "counter"));
        Assert.InRange(final, acknowledged.Max(), acknowledged.Count + (2 * killed));
    }

    [Fact]
    public async Task Deleted_lines_and_shares_are_named_by_a_running_cas_and_by_the_doctor()
    {
        using var server = await PostgresServer.StartAsync();
        using var vault = TestCas.Open(PostgresRowStore.Open(server.ConnectionString));
        await new CasServices(vault, SimulatedPlatforms.Verifier, new TestTime()).Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice)
            .ValueAsync();
        Assert.Null(await CheckAsync(vault));
        Assert.True(Examine(server, vault.Held).Healthy);
        foreach (var (edit, expected) in new[]
        {
            ("DELETE FROM rows WHERE kind = 'recovery'", "shares of the key"),
            ("DELETE FROM rows WHERE kind = 'log' AND name LIKE '%1'", "entry 1 is missing"),
            ("INSERT INTO rows VALUES ('log', '9', ''), ('other', '', '')", "rows of the kind 'other'"),
            ("UPDATE rows SET name = 'shop2' WHERE name = 'shop'", "session 'shop"),
        })
        {
            await ExecuteAsync(server, "CREATE TABLE before AS SELECT * FROM rows");
            await ExecuteAsync(server, edit);
            Assert.Contains(expected, await CheckAsync(vault), StringComparison.Ordinal);
            Assert.False(Examine(server, vault.Held).Healthy);
            await ExecuteAsync(server, "DELETE FROM rows; INSERT INTO rows SELECT * FROM before; DROP TABLE before");
            Assert.Null(await CheckAsync(vault));
        }
    }

    [Fact]
    public async Task A_rolling_upgrade_of_replicas_loses_nothing()
    {
        using var server = await PostgresServer.StartAsync();
        folder.Write("database", server.ConnectionString);
        var next = GuardianProgram.MakeBuild("Guardian.Cas", folder.File("next"));
        var (one, acknowledged) = (await StartAsync("one"), new ConcurrentBag<long>());
        using var enough = new CancellationTokenSource();
        var client = Client(one.Address, key.CreateClientCertificate(TimeProvider.System.GetUtcNow()), next);
        await client.CreateAsync(TestCas.Utf8(Session));
        var two = await StartAsync("two", "--join", one.Address.ToString());
        var writers = new List<Task>
        {
            CountAsync(one.Address, acknowledged, enough.Token, next), CountAsync(two.Address, acknowledged, enough.Token, next),
        };
        await WaitForMoreAsync(acknowledged);

        var identity = await client.ReadIdentityAsync();
        var approval = new UpgradeApproval(identity.Identity, identity.Owners.Hash!, EnclaveProcess.Measure(next).ToString());
        await client.ApproveUpgradeAsync(approval.ToBytes(), []);
        // Each replica in turn, by way of one that runs.
        var newOne = await StartBuildAsync("one", next, "--join", two.Address.ToString());
        writers.Add(CountAsync(newOne.Address, acknowledged, enough.Token, next));
        one.Dispose();
        await WaitForMoreAsync(acknowledged);
        var newTwo = await StartBuildAsync("two", next, "--join", newOne.Address.ToString());
        writers.Add(CountAsync(newTwo.Address, acknowledged, enough.Token, next));
        two.Dispose();
        await WaitForMoreAsync(acknowledged);
        await enough.CancelAsync();
        await Task.WhenAll(writers);

        Assert.Equal(acknowledged.Count, acknowledged.Distinct().Count());
        using var reader = await ConnectAsync(newTwo.Address, next);
        var final = BinaryPrimitives.ReadInt64BigEndian(await reader.ReadTagAsync("shop", "counter"));
        Assert.InRange(final, acknowledged.Max(), acknowledged.Count + 2);
        var after = await reader.ReadIdentityAsync();
        Assert.Equal((identity.Identity, "joined"), (after.Identity, after.Origin));
        client.Dispose();
        newOne.Dispose();
        newTwo.Dispose();
    }

    private static async Task WaitForMoreAsync(ConcurrentBag<long> acknowledged)
    {
        for (var goal = acknowledged.Count + 15; acknowledged.Count < goal;)
        {
            await Task.Delay(5);
        }
    }

    [Fact]
    public async Task A_replica_without_the_key_and_one_of_other_code_cannot_join()
    {
        using var server = await PostgresServer.StartAsync();
        folder.Write("database", server.ConnectionString);
        using var first = await StartAsync("one");
        Assert.Contains(
            "--join", (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("two"))).Message, StringComparison.Ordinal);

        using var stranger = await ConnectAsync(first.Address);
        var denied = await ExpectRefusalAsync(stranger.ReadStoreKeyAsync());
        Assert.Equal(CasReasons.Denied, denied.Reason);
        Assert.StartsWith("role", Assert.Single(denied.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_replica_refuses_a_database_that_was_rolled_back_or_altered()
    {
        using var server = await PostgresServer.StartAsync();
        var time = new TestTime();
        using var one = TestCas.Open(PostgresRowStore.Open(server.ConnectionString));
        using var two = TestCas.Open(PostgresRowStore.Open(server.ConnectionString));
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

    [Theory]
    [InlineData("ALTER TABLE rows ALTER value DROP NOT NULL; UPDATE rows SET value = NULL")]
    [InlineData("ALTER TABLE rows ALTER value TYPE text USING encode(value, 'hex')")]
    public async Task A_table_that_was_made_anew_with_other_types_is_refused(string edit)
    {
        using var server = await PostgresServer.StartAsync();
        using var vault = TestCas.Open(PostgresRowStore.Open(server.ConnectionString));
        var service = new CasServices(vault, SimulatedPlatforms.Verifier, new TestTime());
        await service.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
        await ExecuteAsync(
            server,
            "ALTER TABLE rows RENAME TO before; CREATE TABLE rows (LIKE before INCLUDING ALL); INSERT INTO rows SELECT * FROM before; "
            + edit);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => service.Sessions.ReadAsync("shop", TestCas.Alice));
        Assert.Contains("another type", refused.Message, StringComparison.Ordinal);
        await ExecuteAsync(server, "DROP TABLE rows; ALTER TABLE before RENAME TO rows");
        Assert.Equal(Session, (await service.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
    }

    [Fact]
    public async Task A_broken_connection_fails_one_call_only()
    {
        using var server = await PostgresServer.StartAsync();
        var time = new TestTime();
        using var vault = TestCas.Open(PostgresRowStore.Open(server.ConnectionString));
        var service = new CasServices(vault, SimulatedPlatforms.Verifier, time);
        await service.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
        // This waits until the backends have ended.
        await ExecuteAsync(server, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'guardian-cas'");
        await Assert.ThrowsAsync<StoreException>(() => service.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync());
        Assert.Equal(Session, (await service.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
    }

    // Counts up in a tag and collects the acknowledged numbers, until its replica dies.
    private static async Task CountAsync(
        Uri replica, ConcurrentBag<long> acknowledged, CancellationToken enough, string? build = null)
    {
        using var client = await ConnectAsync(replica, build);
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

    private static async Task<string?> CheckAsync(Vault vault)
    {
        while (!await vault.CheckAsync())
        {
        }
        return vault.Damage?.Detail;
    }

    private static DoctorReport Examine(PostgresServer server, HeldKey held)
    {
        using var rows = PostgresRowStore.OpenToRead(server.ConnectionString);
        return new StoreDoctor(rows, held, null, TestCas.Rules, new TestTime()).Examine();
    }

    private Task<Running> StartAsync(string machine, params string[] more) =>
        StartBuildAsync(machine, GuardianProgram.FolderOf("Guardian.Cas"), more);

    private Task<Running> StartBuildAsync(string machine, string build, params string[] more) => GuardianProgram.ServeBuildAsync(
        folder.Path, build, "guardian-cas",
        ["--state", folder.File($"state-{machine}"), "--machine", folder.File($"machine-{machine}"), "--listen", "127.0.0.1:0",
        "--database", folder.File("database"), "--owners", key.PublicKey, "--threshold", "1", .. more]);

    private static Task<CasClient> ConnectAsync(Uri replica, string? build = null) => CasClient.ConnectEnclaveAsync(
        replica, PolicyFor(build), pins: null, cas => EvidenceContext.RuntimeLaunch(cas, "shop", "web"), TestCas.Quotes(TestCas.Program),
        TimeProvider.System, SimulatedPlatforms.Verifier);

    private static CasClient Client(Uri replica, X509Certificate2 certificate, string? build = null) =>
        new(replica, PolicyFor(build), certificate, TimeProvider.System, SimulatedPlatforms.Verifier);

    private static AttestationPolicy PolicyFor(string? build) => new()
    {
        Identities =
        [
            .. new[] { GuardianProgram.FolderOf("Guardian.Cas"), build }.OfType<string>().Select(
                each => new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(each)] }),
        ],
        Platforms = [PlatformKind.Simulated],
    };
}
