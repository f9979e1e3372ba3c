using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Runtime.Network;
using Guardian.Wasi.Streams;
using static Guardian.Runtime.Tests.ShieldedGuest;

namespace Guardian.Runtime.Tests;

/// <summary>Ports and connections behind the network shield, with the base library's TLS at the other end.</summary>
public sealed class NetworkShieldTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TestAuthority authority = new();
    private readonly TestWorkloads workloads = new();
    private readonly Workload workload;
    private readonly NetworkShield shield;
    private readonly List<string> problems = [];

    public NetworkShieldTests()
    {
        workload = workloads.Create("shop", "web");
        shield = new NetworkShield(workload);
    }

    public async ValueTask DisposeAsync()
    {
        await shield.DisposeAsync();
        workload.Dispose();
        workloads.Dispose();
        authority.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_port_speaks_TLS_and_the_guest_sees_plaintext()
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, null, null));
        var guest = Task.Run(() => EchoOnce(listener));
        using var client = await ConnectAsync(port, "server.example");
        Assert.Equal("hello", await ExchangeAsync(client, "hello"));
        await guest;
    }

    [Fact]
    public async Task A_client_without_a_certificate_of_the_authority_does_not_reach_the_guest()
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, authority.Pem, null));
        using var other = new TestAuthority();
        foreach (var identity in new (string, string)?[] { null, other.Issue("client.example") })
        {
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                using var refused = await ConnectAsync(port, "server.example", identity);
                await refused.WriteAsync("x"u8.ToArray());
                Assert.NotEqual(0, await refused.ReadAsync(new byte[1]));
            });
        }
        Assert.Equal(FileError.Again, listener.Accept(out _));
        var guest = Task.Run(() => EchoOnce(listener));
        using var client = await ConnectAsync(port, "server.example", authority.Issue("client.example"));
        Assert.Equal("hello", await ExchangeAsync(client, "hello"));
        await guest;
    }

    [Fact]
    public async Task A_silent_client_delays_no_other_client()
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, null, null));
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(IPAddress.Loopback, port);
        var guest = Task.Run(() => EchoOnce(listener));
        using var client = await ConnectAsync(port, "server.example");
        Assert.Equal("hello", await ExchangeAsync(client, "hello"));
        await guest;
    }

    [Fact]
    public async Task Any_number_of_silent_clients_keep_nobody_out()
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, null, null));
        var silent = new List<Socket>();
        try
        {
            // Each would have its place for ten seconds: so many take minutes.
            for (var i = 0; i < 1500; i++)
            {
                silent.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                await silent[^1].ConnectAsync(IPAddress.Loopback, port);
            }
            var guest = Task.Run(() => EchoOnce(listener));
            using var client = await ConnectAsync(port, "server.example").WaitAsync(TimeSpan.FromMinutes(10));
            Assert.Equal("hello", await ExchangeAsync(client, "hello"));
            await guest;
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Clients_that_come_at_once_are_all_served()
    {
        const int Count = 200;
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, null, null));
        var guest = Task.Run(() =>
        {
            for (var i = 0; i < Count; i++)
            {
                EchoOnce(listener);
            }
        });
        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(async () =>
        {
            using var client = await ConnectAsync(port, "server.example");
            return await ExchangeAsync(client, "hello");
        })));
        Assert.All(answers, answer => Assert.Equal("hello", answer));
        await guest;
    }

    [Theory]
    [InlineData(NetworkProtocol.Tls, true, FileError.ConnectionReset)]
    [InlineData(NetworkProtocol.Tls, false, FileError.Success)]
    [InlineData(NetworkProtocol.Plain, true, FileError.Success)]
    public async Task A_connection_that_is_cut_is_not_taken_for_one_that_ended(NetworkProtocol protocol, bool isCut, FileError expected)
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, protocol, chain, key, null, null));
        var guest = Task.Run(() => ReadToEnd(listener));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        Stream stream = new NetworkStream(socket);
        if (protocol == NetworkProtocol.Tls)
        {
            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsClientAsync(ClientOptions("server.example"));
        }
        await stream.WriteAsync("half of it"u8.ToArray());
        if (!isCut)
        {
            await ((SslStream)stream).ShutdownAsync();
        }
        // Everybody who carries the packets can end the connection, and cannot end TLS.
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(("half of it", expected), await guest);
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task A_port_on_all_addresses_takes_clients_of_both_families_and_a_taken_one_is_named()
    {
        var port = ReservedPort.Reserve();
        var plain = new ListenConfiguration(port, NetworkProtocol.Plain, null, null, null, null);
        using var listener = new ShieldedListener(shield, plain, IPAddress.IPv6Any);
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            var guest = Task.Run(() => EchoOnce(listener));
            using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(address, port);
            using var answer = new NetworkStream(client);
            await answer.WriteAsync("hello"u8.ToArray());
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal("hello", await ReadAllAsync(answer));
            await guest;
        }
        var refused = Assert.Throws<RefusedException>(() => Listen(plain));
        Assert.Contains($"cannot listen on 127.0.0.1:{port}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_services_connect_only_if_each_is_the_one_that_the_other_expects()
    {
        // All run in the same runtime on the same platform. A naive shield compares the runtime's measurement, and accepts each of them.
        var web = new PeerService("shop", "web", null);
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Attested, null, null, null, [web]));
        var guest = Task.Run(() => EchoOnce(listener));
        var destination = new ConnectConfiguration("127.0.0.1", port, NetworkProtocol.Attested, null, null, null, [web]);
        Assert.Equal(FileError.Success, Connect(destination, out var connection));
        Assert.Equal("hello", Exchange(connection!, "hello"));
        await guest;

        var program = new string('7', 64);
        foreach (var other in new[]
        {
            web with { Session = "thief" }, web with { Service = "other" }, web with { Program = program },
                web with { Session = "shop/session/shop" },
        })
        {
            problems.Clear();
            Assert.Equal(FileError.ConnectionAborted, Connect(destination with { Peers = [other] }, out _));
            Assert.Contains("no service that may be at the other end", Assert.Single(problems), StringComparison.Ordinal);
        }
        Assert.Equal(FileError.Success, Connect(destination with { Peers = [web with { Service = "other" }, web] }, out connection));
        connection!.Dispose();
    }

    [Fact]
    public async Task A_service_that_the_session_does_not_accept_does_not_reach_the_guest()
    {
        var port = ReservedPort.Reserve();
        var accepted = new PeerService("shop", "web", workloads.Program);
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Attested, null, null, null, [accepted]));
        using var elsewhere = new TestWorkloads();
        using var old = workloads.Create("shop", "web", life: TimeSpan.FromMinutes(-1));
        using var stranger = workloads.Create("thief", "web");
        using var ofAnotherCas = elsewhere.Create("shop", "web");
        using var otherProgram = workloads.Create("shop", "web", new string('7', 64));
        foreach (var identity in new[] { stranger, ofAnotherCas, otherProgram, old })
        {
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                using var refused = await ConnectAsync(port, identity.Certificate);
                await refused.WriteAsync("x"u8.ToArray());
                Assert.NotEqual(0, await refused.ReadAsync(new byte[1]));
            });
        }
        Assert.Equal(FileError.Again, listener.Accept(out _));
        var guest = Task.Run(() => EchoOnce(listener));
        using var client = await ConnectAsync(port, workload.Certificate);
        Assert.Equal("hello", await ExchangeAsync(client, "hello"));
        await guest;
    }

    [Fact]
    public async Task A_modified_enclave_that_claims_the_program_is_refused()
    {
        // The creator of the session 'partner' admits an enclave of his own, which claims the agreed program.
        var forged = $"sha256:{new string('9', 64)}";
        using var thief = workloads.Create("partner", "reader", workloads.Program, forged);
        using var genuine = workloads.Create("partner", "reader", workloads.Program);
        var naive = new PeerService("partner", "reader", workloads.Program);
        workload.Verify(thief.Certificate.TargetCertificate, [naive]);

        var careful = naive with { Policies = [workloads.Policy] };
        var refused = Assert.Throws<RefusedException>(() => workload.Verify(thief.Certificate.TargetCertificate, [careful]));
        Assert.Contains(forged, refused.Refusal.Detail, StringComparison.Ordinal);
        workload.Verify(genuine.Certificate.TargetCertificate, [careful]);

        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Attested, null, null, null, [careful]));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var client = await ConnectAsync(port, thief.Certificate);
            await client.WriteAsync("x"u8.ToArray());
            Assert.NotEqual(0, await client.ReadAsync(new byte[1]));
        });
        Assert.Equal(FileError.Again, listener.Accept(out _));
    }

    [Fact]
    public async Task Only_named_destinations_exist_and_a_server_of_another_name_is_refused()
    {
        var (chain, key) = authority.Issue("server.example");
        var port = ReservedPort.Reserve();
        using var listener = Listen(new ListenConfiguration(port, NetworkProtocol.Tls, chain, key, null, null));
        // The certificate is for server.example, the connection is to 127.0.0.1.
        var destination = new ConnectConfiguration("127.0.0.1", port, NetworkProtocol.Tls, authority.Pem, null, null, null);
        Assert.Equal(FileError.ConnectionAborted, Connect(destination, out _));
        var closed = destination with { Port = ReservedPort.Reserve(), Protocol = NetworkProtocol.Plain };
        Assert.Equal(FileError.ConnectionRefused, Connect(closed, out _));

        var (named, namedKey) = authority.Issue("localhost", IPAddress.Loopback);
        var second = ReservedPort.Reserve();
        using var good = Listen(new ListenConfiguration(second, NetworkProtocol.Tls, named, namedKey, null, null));
        var guest = Task.Run(() => EchoOnce(good));
        var directory = NetworkDirectory.Create([destination with { Port = second }], new Connector(shield, problems.Add, default));
        Assert.Equal(FileError.Access, directory.Open("elsewhere.example", FileOpenMode.Read, out _));
        Assert.Equal(FileError.Success, directory.Open("127.0.0.1", FileOpenMode.Read, out var host));
        Assert.Equal(FileError.Access, ((IDirectory)host!).Open("1", FileOpenMode.Read, out _));
        var name = second.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(FileError.Success, ((IDirectory)host).Open(name, FileOpenMode.Read, out var node));
        Assert.Equal(FileError.Success, ((IConnectionNode)node!).Connect(out var connection));
        Assert.Equal("hello", Exchange(connection!, "hello"));
        await guest;
    }

    private ShieldedListener Listen(ListenConfiguration configuration) => new(shield, configuration, IPAddress.Loopback);

    private FileError Connect(ConnectConfiguration destination, out IGuestSocket? connection) =>
        new Connector(shield, problems.Add, default).Connect(destination, out connection);

    [SuppressMessage("Security", "CA5359", Justification = "the test is about the server, which verifies its clients")]
    private static async Task<SslStream> ConnectAsync(int port, SslStreamCertificateContext identity)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "",
            ClientCertificateContext = identity,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        return tls;
    }

    private async Task<SslStream> ConnectAsync(int port, string name, (string Chain, string Key)? identity = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(ClientOptions(name, identity));
        return tls;
    }

    private SslClientAuthenticationOptions ClientOptions(string name, (string Chain, string Key)? identity = null) => new()
    {
        TargetHost = name,
        ClientCertificateContext = identity is var (chain, key) ? Certificates.CreateIdentity(chain, key) : null,
        RemoteCertificateValidationCallback = (_, certificate, sent, errors) =>
            Certificates.IsIssuedBy(authority.Pem, certificate, sent, isServer: true, errors),
    };

    private static async Task<string> ExchangeAsync(SslStream client, string text)
    {
        await client.WriteAsync(Encoding.UTF8.GetBytes(text));
        await client.ShutdownAsync();
        return await ReadAllAsync(client);
    }

    private static async Task<string> ReadAllAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync();
    }
}
