using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text;
using Guardian.Hosting;
using Guardian.Node.Metrics;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

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
    private const int MaxRequestLineSize = 4096;
    private const int MaxHeadersSize = 16 * 1024;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

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
        var guard = new ConnectionGuard(new ConnectionLimits(MaxConnections, ConnectionsOfAddress));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineSize;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
            kestrel.Listen(configuration.Listen, endPoint =>
            {
                endPoint.Use(guard.ServeAsync);
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
        server.Use(ConnectionGuard.MarkUsed);
        server.Run(context =>
        {
            var answer = Answer(context);
            metrics.Count(answer.Status);
            return WriteAsync(context.Response, answer, context.RequestAborted);
        });
        return server;

        CacheAnswer Answer(HttpContext context)
        {
            if (!budget.TryTake(context.Connection.RemoteIpAddress))
            {
                return new CacheAnswer(
                    StatusCodes.Status429TooManyRequests, "text/plain", "too many requests\n"u8.ToArray(),
                    [("Retry-After", AddressBudget.Window.TotalSeconds.ToString(CultureInfo.InvariantCulture))]);
            }
            if (context.Request.Method != HttpMethods.Get)
            {
                return new CacheAnswer(
                    StatusCodes.Status405MethodNotAllowed, "text/plain", "GET alone\n"u8.ToArray(), [("Allow", "GET")]);
            }
            var path = context.Request.Path.Value ?? "";
            return path == "/metrics"
                ? AnswerMetrics(context, token, writeMetrics)
                : answers.Answer(path, context.Request.QueryString.Value ?? "");
        }
    }

    private static CacheAnswer AnswerMetrics(HttpContext context, CallerToken? token, Func<string> write)
    {
        var isAdmitted = token is null
            ? context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            : token.Admits(context.Request.Headers.Authorization);
        return isAdmitted
            ? new CacheAnswer(
                StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(write()), [])
            : new CacheAnswer(
                StatusCodes.Status401Unauthorized, "text/plain", "metrics need a token\n"u8.ToArray(), [("WWW-Authenticate", "Bearer")]);
    }

    private static async Task WriteAsync(HttpResponse response, CacheAnswer answer, CancellationToken cancellation)
    {
        response.StatusCode = answer.Status;
        response.ContentType = answer.Type;
        response.ContentLength = answer.Body.Length;
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers[name] = value;
        }
        await response.Body.WriteAsync(answer.Body, cancellation).ConfigureAwait(false);
    }
}
