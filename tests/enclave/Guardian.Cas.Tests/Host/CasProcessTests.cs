using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Host;

/// <summary>The program itself, over real connections.</summary>
[Trait("Starts", "processes")]
public sealed class CasProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly IdentityKey key = IdentityKey.Create();

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_kill_at_any_moment_loses_nothing_that_was_acknowledged()
    {
        var random = new Random(8);
        var acknowledged = new ConcurrentBag<string>();
        for (var life = 0; life < 5; life++)
        {
            using var running = await StartAsync();
            using var client = Client(running);
            foreach (var name in acknowledged)
            {
                Assert.Equal(Session(name), (await client.ReadAsync(name)).Text);
            }
            var writers = Enumerable.Range(0, 4).Select(writer => WriteAsync(client, $"life{life}-{writer}", acknowledged)).ToArray();
            // Each life acknowledges something before it ends, even on a slow machine.
            var enough = acknowledged.Count + random.Next(1, 10);
            while (acknowledged.Count < enough && writers.All(writer => !writer.IsFaulted))
            {
                await Task.Delay(random.Next(1, 20));
            }
            running.Dispose();
            await Task.WhenAll(writers);
        }
    }

    [Fact]
    public async Task A_session_goes_from_creation_to_update_over_the_wire()
    {
        using var running = await StartAsync();
        using var client = Client(running);
        var created = await client.CreateAsync(Encoding.UTF8.GetBytes(Session("a.b")));
        Assert.Equal(created, await client.ReadAsync("a.b"));
        var updated = await client.UpdateAsync("a.b", Encoding.UTF8.GetBytes($"predecessor: {created.Hash}\n{Session("a.b")}"));
        Assert.NotEqual(created.Hash, updated.Hash);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(client.CreateAsync(Encoding.UTF8.GetBytes(Session("a.b")))));
        var mistakes = await ExpectRefusalAsync(client.CreateAsync(Encoding.UTF8.GetBytes("name: x\n")));
        Assert.Equal(CasReasons.Invalid, mistakes.Reason);
        Assert.NotEmpty(mistakes.Problems);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(client.ConfigureAsync("a.b", "web")));

        using var nobody = new CasClient(running.Address, Policy(), null, TimeProvider.System, SimulatedPlatforms.Verifier);
        Assert.Equal("ok", (await nobody.CheckAsync()).Status);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(nobody.ReadAsync("a.b")));
    }

    [Fact]
    public async Task A_client_does_not_call_a_cas_of_another_measurement()
    {
        using var running = await StartAsync();
        var policy = Policy() with { Identities = [new AcceptedIdentity { MrEnclaves = [default] }] };
        using var client = new CasClient(running.Address, policy, null, TimeProvider.System, SimulatedPlatforms.Verifier);
        var refused = await ExpectRefusalAsync(client.CheckAsync());
        Assert.Equal(CasReasons.NotTrusted, refused.Reason);
        Assert.StartsWith("identity", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_address_that_opens_every_connection_keeps_no_other_out()
    {
        using var running = await StartAsync();
        var sockets = new List<Socket>();
        try
        {
            // More connections than the server accepts in total.
            for (var i = 0; i < 1_100; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
                try
                {
                    await socket.ConnectAsync(running.Address.Host, running.Address.Port, TestContext.Current.CancellationToken);
                }
                catch (SocketException)
                {
                    // Closed before it was reported as open.
                }
            }
            using var client = Client(running);
            Assert.Equal("ok", (await client.CheckAsync(TestContext.Current.CancellationToken)).Status);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task WriteAsync(CasClient client, string prefix, ConcurrentBag<string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                await client.CreateAsync(Encoding.UTF8.GetBytes(Session($"{prefix}-{i}")));
            }
            catch (RefusedException failure) when (failure.Refusal.Reason == CasReasons.Unreachable)
            {
                return;
            }
            acknowledged.Add($"{prefix}-{i}");
        }
    }

    private static string Session(string name) => TestCas.Session.Replace("name: shop", $"name: {name}", StringComparison.Ordinal);

    private Task<Running> StartAsync() => GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
        "127.0.0.1:0", "--owners", key.PublicKey, "--threshold", "1");

    private CasClient Client(Running running) =>
        new(running.Address, Policy(), key.CreateClientCertificate(TimeProvider.System.GetUtcNow()), TimeProvider.System,
        SimulatedPlatforms.Verifier);

    private static AttestationPolicy Policy() => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))] }],
        Platforms = [PlatformKind.Simulated],
    };
}
