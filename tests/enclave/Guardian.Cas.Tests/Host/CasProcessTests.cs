using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
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

    // The host chooses the folder and the environment. ASP.NET's usual builders take both for settings.
    [Fact]
    public async Task A_file_of_settings_in_the_working_folder_opens_no_other_door()
    {
        var port = ReservedPort.Reserve();
        folder.Write(
            "appsettings.json",
            $$"""{"Kestrel": {"Endpoints": {"Plain": {"Url": "http://127.0.0.1:{{port}}"} } } }""");
        using (await StartAsync())
        {
            using var client = new TcpClient();
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, port));
        }
        folder.Write("appsettings.json", "{not JSON");
        (await StartAsync()).Dispose();
    }

    [Fact]
    public async Task A_caller_who_hangs_up_stops_the_work_on_its_keys()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var running = await StartAsync();
        var keys = string.Concat(Enumerable.Range(0, 16).Select(i => $"  - {{name: k{i}, kind: private-key, key_type: RSA-3072}}\n"));
        using (var stream = await OpenAsync(running, isKnown: true))
        {
            await stream.WriteAsync(Request($"name: flood\naccess_policy: {{}}\nsecrets:\n{keys}"), cancellation);
            while (await ReadMetricAsync(running, "keys_drawn_total") == 0)
            {
                await Task.Delay(20, cancellation);
            }
        }
        while (await ReadMetricAsync(running, "requests_total{call=\"POST /v1/sessions\",status=\"499\"}") == 0)
        {
            await Task.Delay(20, cancellation);
        }
        var drawn = await ReadMetricAsync(running, "keys_drawn_total");
        Assert.InRange(drawn, 1, 15);
        // The same caller has most of its budget left, and the name is free.
        using var client = Client(running);
        await client.CreateAsync(
            Encoding.UTF8.GetBytes("name: flood\naccess_policy: {}\nsecrets: [{name: k, kind: private-key, key_type: RSA-2048}]\n"));
        Assert.InRange(await ReadMetricAsync(running, "keys_drawn_total"), drawn, drawn + 2);
    }

    [Fact]
    public async Task A_body_that_stops_gets_an_answer_and_no_trace()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var process = GuardianProgram.Start(folder.Path, "Guardian.Cas", "guardian-cas", [.. Arguments(), "--json"]);
        try
        {
            var address = new Uri((string)(await GuardianProgram.ReadEventAsync(process))["address"]!);
            using (var stream = await OpenAsync(address, isKnown: true))
            {
                await stream.WriteAsync(
                    "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"u8.ToArray(), cancellation);
                var answer = new byte[12];
                await stream.ReadExactlyAsync(answer, cancellation);
                Assert.Equal("HTTP/1.1 408", Encoding.ASCII.GetString(answer));
            }
            using (var stream = await OpenAsync(address, isKnown: true))
            {
                await stream.WriteAsync(
                    "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"u8.ToArray(), cancellation);
            }
        }
        finally
        {
            process.Kill();
        }
        var errors = (await process.StandardError.ReadToEndAsync(cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("SIMULATED", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_asks_for_nothing_is_closed_and_one_that_asked_is_kept()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var running = await StartAsync();
        using var used = await OpenAsync(running, isKnown: false);
        var request = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
        await used.WriteAsync(request, cancellation);
        Assert.True(await used.ReadAsync(new byte[4096], cancellation) > 0);
        using var idle = await OpenAsync(running, isKnown: false);
        Assert.Equal(0, await ReadToEndAsync(idle));
        await used.WriteAsync(request, cancellation);
        Assert.True(await used.ReadAsync(new byte[4096], cancellation) > 0);

        static async Task<int> ReadToEndAsync(SslStream stream)
        {
            try
            {
                return await stream.ReadAsync(new byte[1]);
            }
            catch (IOException)
            {
                // Closed without a farewell.
                return 0;
            }
        }
    }

    [Fact]
    public async Task The_operator_sets_the_connections_of_one_address()
    {
        using var running = await StartAsync("--connections", "8", "--address-connections", "3");
        var streams = new List<SslStream>();
        for (var i = 0; i < 3; i++)
        {
            streams.Add(await OpenAsync(running, isKnown: false));
        }
        Assert.True(await Record.ExceptionAsync(() => OpenAsync(running, isKnown: false)) is IOException or SocketException);
        streams.ForEach(stream => stream.Dispose());
    }

    private Task<SslStream> OpenAsync(Running running, bool isKnown) => OpenAsync(running.Address, isKnown);

    private async Task<SslStream> OpenAsync(Uri address, bool isKnown)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "cas",
            ClientCertificates = isKnown ? [key.CreateClientCertificate(TimeProvider.System.GetUtcNow())] : [],
#pragma warning disable CA5359 // these callers verify nothing
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        return stream;
    }

    private static byte[] Request(string session) => Encoding.UTF8.GetBytes(
        $"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: {Encoding.UTF8.GetByteCount(session)}\r\n\r\n{session}");

    private async Task<double> ReadMetricAsync(Running running, string name)
    {
        using var stream = await OpenAsync(running, isKnown: false);
        await stream.WriteAsync("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        var line = (await reader.ReadToEndAsync()).Split('\n').FirstOrDefault(
            line => line.StartsWith($"guardian_cas_{name} ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
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

    private Task<Running> StartAsync(params string[] more) =>
        GuardianProgram.ServeAsync(folder.Path, "Guardian.Cas", "guardian-cas", [.. Arguments(), .. more]);

    private string[] Arguments() =>
    [
        "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen", "127.0.0.1:0", "--owners", key.PublicKey,
        "--threshold", "1",
    ];

    private CasClient Client(Running running) =>
        new(running.Address, Policy(), key.CreateClientCertificate(TimeProvider.System.GetUtcNow()), TimeProvider.System,
        SimulatedPlatforms.Verifier);

    private static AttestationPolicy Policy() => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))] }],
        Platforms = [PlatformKind.Simulated],
    };
}
