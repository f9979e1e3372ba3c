using System.Net;
using System.Net.Sockets;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Host;
using Guardian.Hosting;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Host;

/// <summary>A greedy caller has to wait, and other callers do not notice.</summary>
public sealed class CallerLimitsTests : IDisposable
{
    private readonly IdentityKey alice = IdentityKey.Create();
    private readonly IdentityKey bob = IdentityKey.Create();

    public void Dispose()
    {
        alice.Dispose();
        bob.Dispose();
    }

    [Fact]
    public void Each_caller_has_its_own_limit_of_concurrent_calls()
    {
        using var limits = new CallerLimits(2);
        var first = limits.Acquire(Call(alice));
        Assert.True(first.IsAcquired);
        Assert.True(limits.Acquire(Call(alice)).IsAcquired);
        Assert.False(limits.Acquire(Call(alice)).IsAcquired);
        Assert.False(limits.Acquire(Call(alice, "192.0.2.9")).IsAcquired);
        Assert.True(limits.Acquire(Call(bob)).IsAcquired);
        Assert.True(limits.Acquire(Call(null)).IsAcquired);
        first.Dispose();
        Assert.True(limits.Acquire(Call(alice)).IsAcquired);
    }

    [Fact]
    public void New_keys_of_one_address_share_the_limit_of_four_callers()
    {
        using var limits = new CallerLimits(1);
        for (var i = 0; i < 5; i++)
        {
            using var key = IdentityKey.Create();
            Assert.Equal(i < 4, limits.Acquire(Call(key, $"2001:db8::{i}")).IsAcquired);
        }
        Assert.True(limits.Acquire(Call(bob, "2001:db8:0:1::1")).IsAcquired);
        // A call that the address's limit refuses does not count for the key.
        Assert.False(limits.Acquire(Call(alice, "2001:db8::7")).IsAcquired);
        Assert.True(limits.Acquire(Call(alice, "2001:db8:0:1::7")).IsAcquired);
    }

    [Fact]
    public void Large_bodies_have_a_limit_of_their_own_for_an_address_and_for_all()
    {
        using var limits = new CallerLimits(CallerLimits.MaxCalls);
        Assert.False(CallerLimits.IsLarge(Call(alice)));
        var taken = 0;
        for (var address = 1; address <= 8; address++)
        {
            for (var i = 0; i < 20; i++)
            {
                var call = Call(alice, $"192.0.2.{address}");
                call.Request.ContentLength = 1_000_000;
                Assert.True(CallerLimits.IsLarge(call));
                taken += limits.AcquireLarge(call).IsAcquired ? 1 : 0;
            }
            Assert.Equal(Math.Min(64, address * 16), taken);
        }
    }

    [Fact]
    public void The_operator_sets_the_limit()
    {
        Assert.Equal(CallerLimits.DefaultCalls, CasLaunch.ReadCallerCalls(Options()));
        Assert.Equal(4096, CasLaunch.ReadCallerCalls(Options("--caller-calls", "4096")));
        foreach (var wrong in new[] { "0", "4097", "-1", "many", "" })
        {
            var refused = Assert.Throws<RefusedException>(() => CasLaunch.ReadCallerCalls(Options("--caller-calls", wrong)));
            Assert.Equal(HostingReasons.BadInput, refused.Refusal.Reason);
        }
    }

    [Fact]
    public void The_operator_sets_the_connections()
    {
        Assert.Equal(new ConnectionLimits(1_000, 500), CasLaunch.ReadConnections(Options()));
        Assert.Equal(new ConnectionLimits(20_000, 10_000), CasLaunch.ReadConnections(Options("--connections", "20000")));
        Assert.Equal(
            new ConnectionLimits(5_000, 5_000),
            CasLaunch.ReadConnections(Options("--connections", "5000", "--address-connections", "5000")));
        string[][] all = [["--connections", "0"], ["--connections", "100001"], ["--address-connections", "1001"]];
        foreach (var wrong in all)
        {
            var refused = Assert.Throws<RefusedException>(() => CasLaunch.ReadConnections(Options(wrong)));
            Assert.Equal(HostingReasons.BadInput, refused.Refusal.Reason);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    public void Peers_are_distinguished_by_the_addresses_that_one_owner_has(string address, string expected) =>
        Assert.Equal(IPAddress.Parse(expected), PeerAddress.Of(IPAddress.Parse(address)));

    [Fact]
    public async Task A_refused_call_says_when_to_retry_and_is_counted()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var cas = new TestCas();
        using var limits = new CallerLimits(1);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        // Otherwise the server would close the call without body after some seconds, and the next call would be accepted.
        builder.WebHost.ConfigureKestrel(options => options.Limits.MinRequestBodyDataRate = null);
        await using var app = builder.Build();
        CasEndpoints.Map(app, cas.Services, new CasMetrics(cas.Vault), limits, null);
        await app.StartAsync(cancellation);
        var address = new Uri(app.Urls.Single());

        // A call without its body stays under way: the server asks for the body.
        using var greedy = new TcpClient();
        await greedy.ConnectAsync(address.Host, address.Port, cancellation);
        var request = $"POST /v1/owners HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n";
        await greedy.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), cancellation);
        var asked = new byte[12];
        await greedy.GetStream().ReadExactlyAsync(asked, cancellation);
        Assert.Equal("HTTP/1.1 100", Encoding.ASCII.GetString(asked));
        using var http = new HttpClient { BaseAddress = address };
        var answer = await http.GetAsync(new Uri("/v1/health", UriKind.Relative), cancellation);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
        var problem = await answer.Content.ReadAsStringAsync(cancellation);
        Assert.Contains("\"title\":\"busy\",\"status\":429", problem, StringComparison.Ordinal);

        // The server answers another caller meanwhile.
        using var handler = new SocketsHttpHandler { ConnectCallback = (context, token) => ConnectFromAsync("127.0.0.2", address, token) };
        using var other = new HttpClient(handler) { BaseAddress = address };
        var metrics = await other.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation);
        Assert.Contains("requests_total{call=\"GET /v1/health\",status=\"429\"} 1\n", metrics, StringComparison.Ordinal);
        greedy.Close();
        while ((await http.GetAsync(new Uri("/v1/health", UriKind.Relative), cancellation)).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(10, cancellation);
        }
    }

    private static async ValueTask<Stream> ConnectFromAsync(string from, Uri to, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(to.Host, to.Port, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static HostOptions Options(params string[] more) =>
        HostOptions.Parse(["--state", "s", "--machine", "m", "--listen", "127.0.0.1:0", .. more], [], [], CasLaunch.Options);

    private static DefaultHttpContext Call(IdentityKey? key, string address = "192.0.2.1") => new()
    {
        Connection = { ClientCertificate = key?.CreateClientCertificate(TimeProvider.System.GetUtcNow()),
            RemoteIpAddress = IPAddress.Parse(address) },
    };
}
