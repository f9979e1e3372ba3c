using System.Net;
using System.Net.Security;
using System.Text;
using Guardian.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Guardian.Node.Metrics;

/// <summary>An answer over HTTP.</summary>
/// <param name="Status">The status.</param>
/// <param name="Type">The media type.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">More headers.</param>
internal sealed record HttpAnswer(
    int Status, string Type, ReadOnlyMemory<byte> Body, params IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>The parts of a body that is made while it is sent, in place of <see cref="Body"/>; null when there are none.</summary>
    public IEnumerable<byte[]>? Parts { get; init; }

    /// <summary>Makes an answer of one line of text.</summary>
    public static HttpAnswer OfText(int status, string line, params IReadOnlyList<(string Name, string Value)> headers) =>
        new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(line + "\n"), headers);
}

/// <summary>
/// Makes the daemon's HTTP servers. They read no bodies, and bound what strangers can take: connections, headers and time.
/// </summary>
internal static class HostServer
{
    private const int MaxRequestLineSize = 4096;
    private const int MaxHeadersSize = 16 * 1024;
    private const int PartSize = 64 * 1024;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Makes a server that is not started yet.</summary>
    /// <param name="listen">The address to listen on.</param>
    /// <param name="certificate">The certificate for TLS; null serves without.</param>
    /// <param name="limits">The bounds of connections.</param>
    /// <param name="answer">Answers a request.</param>
    public static WebApplication Create(
        IPEndPoint listen, CertificateFiles? certificate, ConnectionLimits limits, Func<HttpContext, HttpAnswer> answer)
    {
        var guard = new ConnectionGuard(limits);
        var server = HttpsServer.CreateBuilder(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = limits.Total;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineSize;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
            kestrel.Listen(listen, endPoint =>
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
        }).Build();
        server.Use(ConnectionGuard.MarkUsed);
        server.Run(context => WriteAsync(context.Response, answer(context), context.RequestAborted));
        return server;
    }

    private static async Task WriteAsync(HttpResponse response, HttpAnswer answer, CancellationToken cancellation)
    {
        response.StatusCode = answer.Status;
        response.ContentType = answer.Type;
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers[name] = value;
        }
        if (answer.Parts is { } parts)
        {
            var buffer = new BufferedStream(response.Body, PartSize);
            foreach (var part in parts)
            {
                await buffer.WriteAsync(part, cancellation).ConfigureAwait(false);
            }
            await buffer.FlushAsync(cancellation).ConfigureAwait(false);
            return;
        }
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, cancellation).ConfigureAwait(false);
    }
}
