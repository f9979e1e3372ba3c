using System.Globalization;
using System.Net;
using Guardian.Node.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Metrics;

/// <summary>
/// What monitoring and billing ask a host over HTTP: <c>/metrics</c> for Prometheus, <c>/v1/journal</c> for <c>guardian usage</c>, <c>/v1/dataframes</c> for
/// CloudKitty. It only reads, and tells nothing but who holds how much EPC; it belongs on loopback or the management network.
/// </summary>
internal static class NodeEndpoint
{
    private const string JournalType = "application/x-ndjson";

    /// <summary>Begins to serve.</summary>
    /// <param name="metrics">Makes the text of <c>/metrics</c>.</param>
    /// <param name="journal">The journal's path.</param>
    public static WebApplication Create(IPEndPoint listen, Func<string> metrics, string journal)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(listen);
        });
        var server = builder.Build();
        server.Run(context => AnswerAsync(context, metrics, journal));
        return server;
    }

    private static async Task AnswerAsync(HttpContext context, Func<string> metrics, string journal)
    {
        var (status, type, body) = (context.Request.Method, context.Request.Path.Value) switch
        {
            ("GET", "/metrics") => (StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(metrics())),
            ("GET", "/v1/journal") => (StatusCodes.Status200OK, JournalType, ReadJournal(journal)),
            ("GET", "/v1/dataframes") => ReadFrames(context.Request.Query, journal),
            _ => (StatusCodes.Status404NotFound, "text/plain", "there are /metrics, /v1/journal and /v1/dataframes\n"u8.ToArray()),
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

    private static (int Status, string Type, byte[] Body) ReadFrames(IQueryCollection query, string journal) =>
        TryParse(query["begin"], out var begin) && TryParse(query["end"], out var end) && end - begin <= TimeSpan.FromDays(366)
            ? (StatusCodes.Status200OK, "application/json", System.Text.Encoding.UTF8.GetBytes(Dataframes.Create(Timeline.Build(Journal.Read(journal)).Values, begin, end).ToJsonString()))
            : (StatusCodes.Status400BadRequest, "text/plain", "give begin and end as 2026-01-31T00:00:00Z, at most a year apart\n"u8.ToArray());

    private static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
}
