using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Guardian.Simulation;
using Microsoft.Data.Sqlite;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Host;

/// <summary>The program itself says whether it serves, and refuses what the host made of its store.</summary>
[Trait("Starts", "processes")]
public sealed class HealthProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly IdentityKey key = IdentityKey.Create();

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_running_cas_says_within_seconds_that_its_log_and_shares_were_deleted()
    {
        using var running = await StartAsync();
        await WaitAsync(running, HttpStatusCode.OK, "ready");
        Assert.Equal((HttpStatusCode.OK, "ok"), await ReadAsync(running, "v1/health/live"));
        using var client = Client(running);
        await client.CreateAsync(Encoding.UTF8.GetBytes(TestCas.Session), cancellation: TestContext.Current.CancellationToken);
        // cases/cas/silent-store-edits.sh
        Execute("DELETE FROM rows WHERE kind = 'log'; DELETE FROM rows WHERE kind = 'recovery'");
        await WaitAsync(running, HttpStatusCode.ServiceUnavailable, "damaged");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "damaged"), await ReadAsync(running, "v1/health"));
        Assert.Equal((HttpStatusCode.OK, "ok"), await ReadAsync(running, "v1/health/live"));
        var refused = await ExpectRefusalAsync(client.ReadAsync("shop", TestContext.Current.CancellationToken));
        Assert.Equal(CasReasons.Damaged, refused.Reason);
        Assert.Contains("shares", refused.Detail, StringComparison.Ordinal);
        running.Dispose();
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(StartAsync);
        Assert.Contains("entry 1 is missing", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_files_of_the_database_are_for_their_owner_alone()
    {
        using var running = await StartAsync();
        await WaitAsync(running, HttpStatusCode.OK, "ready");
        var files = Directory.GetFiles(folder.File("cas"));
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    private Task<Running> StartAsync() => GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
        "127.0.0.1:0", "--owners", key.PublicKey, "--threshold", "1");

    private CasClient Client(Running running) => new(
        running.Address,
        new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))] }],
            Platforms = [PlatformKind.Simulated],
        },
        key.CreateClientCertificate(TimeProvider.System.GetUtcNow()), TimeProvider.System, SimulatedPlatforms.Verifier);

    private static async Task WaitAsync(Running running, HttpStatusCode status, string word)
    {
        while (await ReadAsync(running, "v1/health/ready") != (status, word))
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    // As a balancer does: it does not verify the quote.
    [SuppressMessage("Security", "CA5359", Justification = "a balancer does not verify the quote")]
    private static async Task<(HttpStatusCode, string)> ReadAsync(Running running, string path)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var http = new HttpClient(handler) { BaseAddress = running.Address };
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, (string)JsonNode.Parse(body)!["status"]!);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("cas/cas.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
