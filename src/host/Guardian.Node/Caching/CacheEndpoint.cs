using System.Globalization;
using System.Net;
using System.Text;
using Guardian.Hosting;
using Guardian.Node.Metrics;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Node.Caching;

/// <summary>
/// Serves the cache over HTTP to guests and hosts. The documents are public and signed, so nobody has to identify himself; a request
/// reads memory and causes no request to others.
/// </summary>
internal static class CacheEndpoint
{
    /// <summary>The connections of an address at a time.</summary>
    public const int ConnectionsOfAddress = 32;

    private const int MaxConnections = 512;

    /// <summary>Makes a server that is not started yet.</summary>
    /// <param name="configuration">The address and its protection.</param>
    /// <param name="answers">Answers requests.</param>
    /// <param name="metrics">Counts answers.</param>
    /// <param name="writeMetrics">Makes the text of <c>/metrics</c>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a line when a renewed certificate cannot be used.</param>
    /// <exception cref="RefusedException">A reason of <see cref="EndpointReasons"/>.</exception>
    /// <exception cref="IOException">The file of the token cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file of the token cannot be read.</exception>
    public static WebApplication Create(
        CacheConfiguration configuration, CollateralAnswers answers, CacheMetrics metrics, Func<string> writeMetrics, TimeProvider time,
        Action<string> log)
    {
        var token = configuration.TokenFile is { } file ? new CallerToken(file) : null;
        var certificate = configuration.Certificate is { } path ? new CertificateFiles(path, configuration.Key!, log) : null;
        var budget = new AddressBudget(time);
        return HostServer.Create(
            configuration.Listen, certificate, new ConnectionLimits(MaxConnections, ConnectionsOfAddress), context =>
            {
                var answer = Answer(context);
                metrics.Count(answer.Status);
                return answer;
            });

        HttpAnswer Answer(HttpContext context)
        {
            if (!budget.TryTake(context.Connection.RemoteIpAddress))
            {
                return HttpAnswer.OfText(
                    StatusCodes.Status429TooManyRequests, "too many requests",
                    ("Retry-After", AddressBudget.Window.TotalSeconds.ToString(CultureInfo.InvariantCulture)));
            }
            if (context.Request.Method != HttpMethods.Get)
            {
                return HttpAnswer.OfText(StatusCodes.Status405MethodNotAllowed, "GET alone", ("Allow", "GET"));
            }
            var path = context.Request.Path.Value ?? "";
            return path == "/metrics"
                ? AnswerMetrics(context, token, writeMetrics)
                : answers.Answer(path, context.Request.QueryString.Value ?? "");
        }
    }

    private static HttpAnswer AnswerMetrics(HttpContext context, CallerToken? token, Func<string> write)
    {
        var isAdmitted = token is null
            ? context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            : token.Admits(context.Request.Headers.Authorization);
        return isAdmitted
            ? new HttpAnswer(StatusCodes.Status200OK, MetricsText.MediaType, Encoding.UTF8.GetBytes(write()))
            : HttpAnswer.OfText(StatusCodes.Status401Unauthorized, "metrics need a token", ("WWW-Authenticate", "Bearer"));
    }
}
