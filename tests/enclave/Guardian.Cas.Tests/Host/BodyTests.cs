using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Guardian.Cas.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Guardian.Cas.Tests.Host;

/// <summary>A body that is late, cut off or wrong gets an answer and a place in the metrics.</summary>
public sealed class BodyTests : IAsyncDisposable
{
    private readonly TestCas cas = new();
    private readonly CallerLimits limits = new(512);
    private readonly WebApplication app;

    public BodyTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        // The shortest grace that the server takes.
        builder.WebHost.ConfigureKestrel(
            options => options.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(1.1)));
        app = builder.Build();
        CasEndpoints.Map(app, cas.Services, new CasMetrics(cas.Vault, workshop: cas.Services.Workshop), limits, null);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        limits.Dispose();
        cas.Dispose();
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\na", false, 408)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", false, 408)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nfffff\r\nab", false, 408)]
    [InlineData("Content-Length: 1000\r\n\r\nabc", true, 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabc", true, 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", false, 400)]
    [InlineData("Content-Length: 99999999\r\n\r\n", false, 400)]
    [InlineData("Content-Length: -1\r\n\r\n", false, 400)]
    public async Task A_bad_body_is_refused_and_counted(string headersAndBody, bool ends, int status)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await app.StartAsync(cancellation);
        var address = new Uri(app.Urls.Single());
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellation);
        var request = $"POST /v1/sessions HTTP/1.1\r\nHost: {address.Authority}\r\n{headersAndBody}";
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellation);
        if (ends)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string? answer = null;
        try
        {
            answer = await reader.ReadLineAsync(cancellation);
        }
        catch (IOException) when (ends)
        {
            // The server closed the connection without an answer.
        }
        // A peer that has ended its side may have gone altogether, so it may get no answer.
        Assert.True(
            answer is null && ends
            || answer!.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}"), StringComparison.Ordinal),
            answer);
        if (status == 408)
        {
            using var http = new HttpClient { BaseAddress = address };
            // A call is counted after its answer has been sent.
            const string counted = "requests_total{call=\"POST /v1/sessions\",status=\"408\"} 1\n";
            var start = Stopwatch.GetTimestamp();
            string metrics;
            do
            {
                metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation);
            }
            while (!metrics.Contains(counted, StringComparison.Ordinal) && Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1));
            Assert.Contains(counted, metrics, StringComparison.Ordinal);
        }
    }
}
