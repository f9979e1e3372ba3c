using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.ComputeHost.Configuration;
using Guardian.Hosting;
using Guardian.Metering;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Node.Metrics;

/// <summary>
/// Answers monitoring and billing over HTTP: <c>/metrics</c> for Prometheus, <c>/v1/journal</c> for <c>guardian usage</c>,
/// <c>/v1/dataframes</c> for CloudKitty, and <c>/v1/guests</c> for Ceilometer.
/// </summary>
/// <remarks>It only reads, but it reveals who holds how much EPC. Beyond loopback it serves with TLS, to callers with a token.</remarks>
internal static class NodeEndpoint
{
    private const string JournalType = "application/x-ndjson";
    private const string JsonType = "application/json";

    private static readonly TimeSpan MaxPeriod = TimeSpan.FromDays(366);

    // Prometheus, billing and an operator's commands; a stranger takes no more of them than one of these.
    private static readonly ConnectionLimits Limits = new(64, 16);

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
        return HostServer.Create(address.Listen, certificate, Limits, context =>
            token is null || token.Admits(context.Request.Headers.Authorization)
                ? Answer(context.Request, metrics, journal, listGuests)
                : new HttpAnswer(StatusCodes.Status401Unauthorized, "text/plain", default, ("WWW-Authenticate", "Bearer")));
    }

    private static HttpAnswer Answer(
        HttpRequest request, Func<string> metrics, string journal, Func<IEnumerable<GuestMetrics>> listGuests)
    {
        try
        {
            return (request.Method, request.Path.Value) switch
            {
                ("GET", "/metrics") => Give(MetricsText.MediaType, Encoding.UTF8.GetBytes(metrics())),
                ("GET", "/v1/journal") => ReadJournal(request.Query, journal),
                ("GET", "/v1/dataframes") => ReadFrames(request.Query, journal),
                ("GET", "/v1/guests") => Give(JsonType, WriteGuests(listGuests())),
                _ => HttpAnswer.OfText(
                    StatusCodes.Status404NotFound, "there are /metrics, /v1/journal, /v1/dataframes and /v1/guests"),
            };
        }
        catch (Exception failure) when (failure is RefusedException or IOException or UnauthorizedAccessException)
        {
            // The journal is damaged, or the disk fails: billing says why.
            return HttpAnswer.OfText(StatusCodes.Status500InternalServerError, failure.Message);
        }
    }

    private static HttpAnswer Give(string type, byte[] body) => new(StatusCodes.Status200OK, type, body);

    private static HttpAnswer Give(string type, IEnumerable<byte[]> parts) => new(StatusCodes.Status200OK, type, default) { Parts = parts };

    private static HttpAnswer ReadJournal(IQueryCollection query, string journal)
    {
        var from = DateTimeOffset.MinValue;
        if (query.ContainsKey("begin") && !TryParse(query["begin"], out from))
        {
            return HttpAnswer.OfText(StatusCodes.Status400BadRequest, "give begin as 2026-01-31T00:00:00Z");
        }
        // A damaged line is found before the answer begins.
        _ = Journal.Read(journal, from).Count();
        return Give(JournalType, Journal.Read(journal, from).Select(record => record.ToLine()));
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

    private static HttpAnswer ReadFrames(IQueryCollection query, string journal) =>
        TryParse(query["begin"], out var begin) && TryParse(query["end"], out var end) && begin < end && end - begin <= MaxPeriod
            ? Give(
                JsonType, Dataframes.Write(Timeline.Build(Journal.Read(journal, begin)).Values, begin, end).Select(Encoding.UTF8.GetBytes))
            : HttpAnswer.OfText(
                StatusCodes.Status400BadRequest, "give begin and a later end as 2026-01-31T00:00:00Z, at most a year apart");

    // The last year of the calendar has no hour after it.
    private static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant)
        && instant.Year < DateTimeOffset.MaxValue.Year;
}
