using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.ComputeHost.Configuration;
using Guardian.Metering;
using Guardian.Node.Metrics;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;

namespace Guardian.Node.Tests.Metrics;

/// <summary>Monitoring and billing answer callers with the token, over TLS.</summary>
public sealed class NodeEndpointTests : IAsyncDisposable
{
    private const string NoHeader = "no header at all";
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryFolder folder = new();
    private readonly List<string> log = [];
    private WebApplication? server;

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        folder.Dispose();
    }

    /// <summary>Everything that a caller without the token may send.</summary>
    public static TheoryData<string> WrongTokens =>
    [
        NoHeader, "", "Bearer", "Bearer ", $"Bearer {Token[..^1]}", $"Bearer {Token}0", $"Bearer {Token.ToUpperInvariant()}", Token,
        $"Basic {Token}", $"Bearer {Token} {Token}", "Bearer " + new string('0', 8000),
    ];

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task A_caller_without_the_token_learns_nothing(string authorization)
    {
        var address = await ServeAsync(isSecure: false, folder.Write("token", Token + "\n"));
        foreach (var path in new[] { "/metrics", "/v1/journal", "/v1/guests", "/v1/dataframes?begin=2026-01-01&end=2026-01-02", "/" })
        {
            using var answer = await GetAsync(new Uri(address, path), authorization == NoHeader ? null : authorization);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            Assert.Empty(await answer.Content.ReadAsStringAsync(Ending));
        }
    }

    [Fact]
    public void The_comparison_that_comes_to_mind_first_admits_callers_without_the_token()
    {
        static bool Naive(string? authorization) => ("Bearer " + Token).StartsWith(authorization ?? "", StringComparison.OrdinalIgnoreCase);
        var file = new CallerToken(folder.Write("token", Token));
        string?[] wrong = [null, "", "Bearer ", $"Bearer {Token[..^1]}", $"Bearer {Token.ToUpperInvariant()}"];
        Assert.All(wrong, authorization => Assert.True(Naive(authorization)));
        Assert.All(wrong, authorization => Assert.False(file.Admits(authorization)));
    }

    [Fact]
    public async Task Guests_are_listed_for_Ceilometer()
    {
        var address = await ServeAsync(isSecure: false, tokenFile: null);
        using var answer = await GetAsync(new Uri(address, "/v1/guests"), null);
        Assert.Equal(
            $$"""{"guests":[{"id":"{{Guid.Empty}}","project_id":"research","flavor_name":"","epc_mebibytes":8}]}""",
            await answer.Content.ReadAsStringAsync(Ending));
    }

    [Fact]
    public async Task A_caller_with_the_token_is_served_and_a_new_token_counts_at_once()
    {
        var file = folder.Write("token", Token + "\n");
        var address = await ServeAsync(isSecure: true, file);
        Assert.Equal("the metrics\n", await ReadAsync(address, Token));
        const string Next = "fedcba9876543210fedcba9876543210";
        folder.Write("token", Next);
        Assert.Equal("the metrics\n", await ReadAsync(address, Next));
        using var old = await GetAsync(new Uri(address, "/metrics"), $"Bearer {Token}");
        Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        File.Delete(file);
        using var none = await GetAsync(new Uri(address, "/metrics"), $"Bearer {Next}");
        Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_and_a_broken_one_is_not()
    {
        var address = await ServeAsync(isSecure: true, folder.Write("token", Token));
        var first = await ReadCertificateAsync(address);
        WriteCertificate(TimeSpan.FromHours(1));
        var second = await ReadCertificateAsync(address);
        Assert.NotEqual(first, second);
        File.SetLastWriteTimeUtc(folder.Write("certificate.pem", "broken"), DateTime.UtcNow.AddHours(2));
        Assert.Equal(second, await ReadCertificateAsync(address));
        Assert.Contains("the renewed certificate is not used", Assert.Single(log), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => ReadAsync(new Uri($"http://127.0.0.1:{address.Port}"), Token));
    }

    [Fact]
    public async Task A_stranger_who_holds_connections_keeps_nobody_out()
    {
        var address = await ServeAsync(isSecure: false, tokenFile: null);
        List<Socket> held = [];
        try
        {
            for (var i = 0; i < 64; i++)
            {
                held.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                try
                {
                    await held[i].ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port), Ending);
                }
                catch (SocketException)
                {
                    // One too many is closed at once.
                }
            }
            // The naive server gives all its places to the first who come.
            using var other = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (context, ending) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
                    await socket.ConnectAsync(context.DnsEndPoint, ending);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            Assert.Equal("the metrics\n", await other.GetStringAsync(new Uri(address, "/metrics"), Ending));
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Billing_is_told_why_a_journal_is_not_given()
    {
        var address = await ServeAsync(isSecure: false, tokenFile: null);
        folder.Write("none.journal", "damaged\nlines\n");
        foreach (var path in new[] { "/v1/journal", "/v1/dataframes?begin=2026-01-01&end=2026-01-02" })
        {
            using var answer = await GetAsync(new Uri(address, path), null);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains("line 1 is damaged", await answer.Content.ReadAsStringAsync(Ending), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_journal_is_given_from_the_file_on_that_the_period_needs()
    {
        static JournalRecord Record(JournalKind kind, int day, Guid? guest = null)
        {
            var at = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
            return JournalRecord.At(
                new ClockReading(Guid.Empty, day * 86_400_000L, at), kind, guest, kind == JournalKind.Defined ? 8 : 0);
        }
        JournalRecord[] first = [Record(JournalKind.Defined, 1, Guid.Empty), Record(JournalKind.Alive, 2), Record(JournalKind.Alive, 10)];
        JournalRecord[] second = [first[0], Record(JournalKind.Continued, 10), Record(JournalKind.Started, 11, Guid.Empty)];
        await File.WriteAllBytesAsync(folder.File("none.journal"), [.. first.SelectMany(record => record.ToLine())], Ending);
        await File.WriteAllBytesAsync(folder.File("none.journal.2"), [.. second.SelectMany(record => record.ToLine())], Ending);
        var address = await ServeAsync(isSecure: false, tokenFile: null);
        async Task<IEnumerable<JournalRecord>> Read(string query)
        {
            using var answer = await GetAsync(new Uri(address, $"/v1/journal{query}"), null);
            return Journal.Read(await answer.Content.ReadAsByteArrayAsync(Ending), "answer");
        }
        Assert.Equal([.. first, second[2]], await Read(""));
        Assert.Equal([.. first, second[2]], await Read("?begin=2026-01-10T12:00:00Z"));
        Assert.Equal(second, await Read("?begin=2026-01-12"));
        using var wrong = await GetAsync(new Uri(address, "/v1/journal?begin=today"), null);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var frames = await GetAsync(new Uri(address, "/v1/dataframes?begin=2026-01-01&end=2026-01-12"), null);
        Assert.Equal("""{"dataframes":[]}""", await frames.Content.ReadAsStringAsync(Ending));
    }

    [Theory]
    [InlineData("begin=2026-01-02&end=2026-01-01")]
    [InlineData("begin=2026-01-01&end=2026-01-01")]
    [InlineData("begin=2026-01-01&end=2027-01-03")]
    [InlineData("begin=9999-12-31T23:10:00Z&end=9999-12-31T23:50:00Z")]
    [InlineData("begin=2026-01-01&begin=2026-01-01&end=2026-01-02")]
    [InlineData("begin=yesterday&end=2026-01-02")]
    [InlineData("")]
    public async Task A_period_that_is_none_is_refused(string query)
    {
        var address = await ServeAsync(isSecure: false, tokenFile: null);
        folder.Write("none.journal", "");
        using var answer = await GetAsync(new Uri(address, $"/v1/dataframes?{query}"), null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("short", "bad-monitoring-token")]
    [InlineData("0123456789abcdef\n0123456789abcdef", "bad-monitoring-token")]
    [InlineData("0123456789abcdef 0123456789abcdef", "bad-monitoring-token")]
    [InlineData("", "bad-monitoring-token")]
    public async Task A_file_without_a_token_is_refused_at_the_start(string token, string code)
    {
        var failure = await Assert.ThrowsAsync<RefusedException>(() => ServeAsync(isSecure: false, folder.Write("token", token)));
        Assert.Equal(code, failure.Refusal.Code);
    }

    [Fact]
    public async Task Files_that_are_no_certificate_and_key_are_refused_at_the_start()
    {
        folder.Write("certificate.pem", "no certificate");
        folder.Write("key.pem", "no key");
        var address = new MonitoringAddress(
            new IPEndPoint(IPAddress.Loopback, 0), folder.File("certificate.pem"), folder.File("key.pem"), folder.Write("token", Token));
        var failure = Assert.Throws<RefusedException>(() => NodeEndpoint.Create(address, () => "", "none", () => [], log.Add));
        Assert.Equal(EndpointReasons.BadCertificate, failure.Refusal.Reason);
        await Task.CompletedTask;
    }

    private async Task<Uri> ServeAsync(bool isSecure, string? tokenFile)
    {
        if (isSecure)
        {
            WriteCertificate(TimeSpan.Zero);
        }
        var port = FindPort();
        var address = new MonitoringAddress(
            new IPEndPoint(IPAddress.Loopback, port), isSecure ? folder.File("certificate.pem") : null,
            isSecure ? folder.File("key.pem") : null, tokenFile);
        server = NodeEndpoint.Create(
            address, () => "the metrics\n", folder.File("none.journal"), 
            () => [new GuestMetrics(Guid.Empty, "research", null, 8, 0)], log.Add);
        await server.StartAsync(Ending);
        return new Uri($"{(isSecure ? "https" : "http")}://127.0.0.1:{port}");
    }

    private static int FindPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    // The time of the files differs at each call, however fast the clock's ticks are.
    private void WriteCertificate(TimeSpan later)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.SetLastWriteTimeUtc(folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem()), DateTime.UtcNow + later);
        File.SetLastWriteTimeUtc(folder.Write("certificate.pem", certificate.ExportCertificatePem()), DateTime.UtcNow + later);
    }

    private static async Task<string> ReadAsync(Uri address, string token)
    {
        using var answer = await GetAsync(new Uri(address, "/metrics"), $"Bearer {token}");
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Ending);
    }

    private static async Task<string> ReadCertificateAsync(Uri address)
    {
        var thumbprint = "";
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                thumbprint = certificate!.Thumbprint;
                return true;
            },
        };
        using var client = new HttpClient(handler);
        using var answer = await client.GetAsync(address, Ending);
        return thumbprint;
    }

    private static async Task<HttpResponseMessage> GetAsync(Uri address, string? authorization)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }
        return await client.SendAsync(request, Ending);
    }
}
