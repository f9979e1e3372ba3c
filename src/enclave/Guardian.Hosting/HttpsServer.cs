using System.Net;
using System.Net.Security;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Guardian.Hosting;

/// <summary>The settings of a server.</summary>
/// <param name="Tls">The options of each handshake.</param>
/// <param name="MaxBodySize">The largest body of a request, in bytes.</param>
public sealed record HttpsSettings(Func<SslServerAuthenticationOptions> Tls, long MaxBodySize)
{
    /// <summary>The versions of HTTP. HTTP/2 compresses headers, so sizes depend on earlier messages.</summary>
    public HttpProtocols Protocols { get; init; } = HttpProtocols.Http1AndHttp2;

    /// <summary>The bounds of connections.</summary>
    public ConnectionLimits Connections { get; init; } = ConnectionLimits.Default;

    /// <summary>
    /// Writes, as the service writes its own refusals, why no call answered: the path has no call, or the request is not as HTTP demands.
    /// Takes the status of HTTP. Null to answer with the status alone.
    /// </summary>
    public Func<HttpContext, int, Refusal, Task>? Refuse { get; init; }
}

/// <summary>Makes HTTPS servers that bound what strangers can take: connections, headers, bodies and time. Thread-safe.</summary>
public static class HttpsServer
{
    // Guardian's own requests have a few hundred bytes of headers.
    private const int MaxHeadersSize = 16 * 1024;

    /// <summary>Makes a server, which does not listen yet.</summary>
    /// <param name="name">The program's name, for its messages.</param>
    /// <param name="listen">The address to listen on; port 0 takes a free one.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="map">Adds the calls.</param>
    /// <returns>The server; the caller starts and disposes it.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static WebApplication Create(string name, IPEndPoint listen, HttpsSettings settings, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(map);
        var builder = CreateBuilder(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = settings.Connections.Total;
            kestrel.Limits.RequestHeadersTimeout = ConnectionLimits.HeadersTimeout;
            kestrel.Limits.MaxRequestBodySize = settings.MaxBodySize;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
            var guard = new ConnectionGuard(settings.Connections);
            kestrel.Listen(listen, endPoint =>
            {
                endPoint.Use(guard.ServeAsync);
                endPoint.Protocols = settings.Protocols;
                endPoint.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(settings.Tls()),
                });
            });
        });
        var server = builder.Build();
        server.Use(ConnectionGuard.MarkUsed);
        server.Use((context, next) => GuardAsync(name, settings.Refuse, context, next));
        map(server);
        return server;
    }

    /// <summary>Makes the builder of a server that obeys its code alone, and logs nothing.</summary>
    /// <param name="configure">Sets the addresses and bounds.</param>
    /// <returns>The builder.</returns>
    public static WebApplicationBuilder CreateBuilder(Action<KestrelServerOptions> configure)
    {
        // The other builders obey the environment and files of the working folder: they open doors of the host without TLS or bounds.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        // Requests carry secrets and partners' names, so the framework logs nothing.
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            configure(kestrel);
        });
        return builder;
    }

    /// <summary>The address of a server that listens: <c>https://HOST:PORT</c>.</summary>
    /// <param name="server">The server.</param>
    /// <returns>The address.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="server"/> is null.</exception>
    public static string AddressOf(WebApplication server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    // A bug ends the request, not the program. The message of its exception may hold data, so only type and stack are printed.
    private static async Task GuardAsync(
        string name, Func<HttpContext, int, Refusal, Task>? refuse, HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException failure)
        {
            // The peer's mistake: a body that stalls (408), breaks off or is malformed (400), or is too large (413).
            SetStatus(context.Response, failure.StatusCode);
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The peer has gone, so there is no answer.
            return;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(
                $"{name}: error: internal: {failure.GetType().Name}{Environment.NewLine}{failure.StackTrace}").ConfigureAwait(false);
            SetStatus(context.Response, StatusCodes.Status500InternalServerError);
        }
        if (refuse is not null && context.Response is { HasStarted: false, ContentType: null, StatusCode: >= 400 and var status })
        {
            await refuse(context, status, HostingReasons.NotAnswered(status)).ConfigureAwait(false);
        }
    }

    private static void SetStatus(HttpResponse response, int status)
    {
        if (!response.HasStarted)
        {
            (response.StatusCode, response.ContentType, response.ContentLength) = (status, null, null);
        }
    }
}
