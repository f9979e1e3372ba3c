using System.Globalization;
using System.Net.Security;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.ComputeHost.Configuration;
using Guardian.Metering;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Metrics;

/// <summary>
/// Answers monitoring and billing over HTTP: <c>/metrics</c> for Prometheus, <c>/v1/journal</c> for <c>guardian usage</c>,
/// <c>/v1/dataframes</c> for CloudKitty, and <c>/v1/guests</c> for Ceilometer.
/// </summary>
/// <remarks>It only reads, but it reveals who holds how much EPC. Beyond loopback it serves with TLS, to callers with a token.</remarks>
internal static class NodeEndpoint
{
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";
    private const string JournalType = "application/x-ndjson";
    private const string JsonType = "application/json";

    // A stranger on the network holds a connection no longer without a request.
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Makes a server that is not started yet.</summary>
    /// <param name="address">The address to listen on, and its protection.</param>
    /// <param name="metrics">Makes the text of <c>/metrics</c>.</param>
    /// <param name="journal">The journal's path.</param>
    /// <param name="listGuests">Lists the guests that are defined on the host with EPC.</param>
    /// <param name="log">Receives a line when a renewed certificate cannot be used.</param>
    /// <exception cref="RefusedException">A reason of <see cref="EndpointReasons"/>.</exception>
    /// <exception cref="IOException">The file of the token cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file of the token cannot be read.</exception>
    public static WebApplication Create(
        MonitoringAddress address, Func<string> metrics, string journal, Func<IEnumerable<GuestMetrics>> listGuests, Action<string> log)
    {
        var token = address.TokenFile is { } file ? new CallerToken(file) : null;
        var certificate = address.Certificate is { } path ? new CertificateFiles(path, address.Key!, log) : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Listen(address.Listen, endPoint =>
            {
                if (certificate is not null)
                {
                    endPoint.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        HandshakeTimeout = HeadersTimeout,
                        OnConnection = _ => ValueTask.FromResult(
                            new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
                    });
                }
            });
        });
        var server = builder.Build();
        server.Run(context => token is null || token.Admits(context.Request.Headers.Authorization)
            ? AnswerAsync(context, metrics, journal, listGuests)
            : RefuseAsync(context));
        return server;
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private static async Task AnswerAsync(
        HttpContext context, Func<string> metrics, string journal, Func<IEnumerable<GuestMetrics>> listGuests)
    {
        var (status, type, body) = (context.Request.Method, context.Request.Path.Value) switch
        {
            ("GET", "/metrics") => (StatusCodes.Status200OK, MetricsType, Encoding.UTF8.GetBytes(metrics())),
            ("GET", "/v1/journal") => (StatusCodes.Status200OK, JournalType, ReadJournal(journal)),
            ("GET", "/v1/dataframes") => ReadFrames(context.Request.Query, journal),
            ("GET", "/v1/guests") => (StatusCodes.Status200OK, JsonType, WriteGuests(listGuests())),
            _ => (
                StatusCodes.Status404NotFound, "text/plain",
                "there are /metrics, /v1/journal, /v1/dataframes and /v1/guests\n"u8.ToArray()),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] ReadJournal(string journal)
    {
        var lines = new MemoryStream();
        foreach (var record in Journal.Read(journal))
        {
            lines.Write(record.ToLine());
        }
        return lines.ToArray();
    }

    // The names are those of Ceilometer's samples, and of the data frames.
    private static byte[] WriteGuests(IEnumerable<GuestMetrics> guests)
    {
        var list = guests.Select(guest => (JsonNode)new JsonObject
        {
            ["id"] = guest.Instance.ToString(),
            ["project_id"] = guest.Project ?? "",
            ["flavor_name"] = guest.Flavor ?? "",
            ["epc_mebibytes"] = guest.Claimed,
        });
        return Encoding.UTF8.GetBytes(new JsonObject { ["guests"] = new JsonArray([.. list]) }.ToJsonString());
    }

    private static (int Status, string Type, byte[] Body) ReadFrames(IQueryCollection query, string journal)
    {
        if (!TryParse(query["begin"], out var begin) || !TryParse(query["end"], out var end) || end - begin > TimeSpan.FromDays(366))
        {
            var help = "give begin and end as 2026-01-31T00:00:00Z, at most a year apart\n"u8.ToArray();
            return (StatusCodes.Status400BadRequest, "text/plain", help);
        }
        var frames = Dataframes.Create(Timeline.Build(Journal.Read(journal)).Values, begin, end);
        return (StatusCodes.Status200OK, JsonType, Encoding.UTF8.GetBytes(frames.ToJsonString()));
    }

    private static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
}
