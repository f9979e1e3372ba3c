using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Guardian.Hosting;
using Guardian.Portal.Access;
using Guardian.Portal.Look;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Guardian.Portal;

/// <summary>
/// Serves the page on loopback to one browser of one user. A link with a token that works once lets the browser in; a cookie for a random
/// path keeps it in.
/// </summary>
public sealed class PortalServer : IAsyncDisposable
{
    private const string Cookie = "guardian";
    private const int PathSize = 16;
    private const int MaxHeadersSize = 16 * 1024;
    private const int PortAttempts = 16;

    private readonly WebApplication app;
    private readonly PortalSession session;
    private readonly OneTimeToken token = new();
    private readonly PageWriter writer;
    private readonly int port;

    // Cookies are shared by all ports of a host, but not by all paths: another program on this machine never gets the cookie.
    private readonly string prefix = $"/{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PathSize))}";

    private PortalServer(WebApplication app, int port, PortalOptions options, Action<PortalRoutes> map)
    {
        (this.app, this.port) = (app, port);
        session = new PortalSession(options.Time, options.IdleLimit, options.OnLock);
        writer = new PageWriter(() => new PagePlace(prefix, session.FormToken));
        var guard = new RequestGuard(port);
        app.Use((context, next) => CheckAsync(guard, context, next));
        var style = Encoding.UTF8.GetBytes(PageStyle.Css + "\n" + Encoding.UTF8.GetString(ReadAsset("portal.css")));
        MapAsset("/style.css", "text/css; charset=utf-8", style);
        MapAsset("/script.js", "text/javascript; charset=utf-8", ReadAsset("portal.js"));
        MapAsset("/icon.svg", "image/svg+xml", ReadAsset("icon.svg"));
        app.MapMethods("/open", ["GET"], OpenAsync);
        var routes = new PortalRoutes(app, prefix, session, writer, failure => Explain(options, failure));
        routes.Post("/lock", _ =>
        {
            session.End();
            return PageResult.Redirect("/");
        });
        map(routes);
        app.MapFallback(context => context.Request.Path.StartsWithSegments(prefix, StringComparison.Ordinal)
            ? writer.WriteAsync(context, NotFound())
            : WriteDoorAsync(context, StatusCodes.Status404NotFound));
    }

    /// <summary>The address, <c>http://127.0.0.1:PORT/</c>. Without a link, nothing is shown there.</summary>
    public Uri Address => new($"http://127.0.0.1:{port}/");

    /// <summary>Starts to serve.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="map">Adds the pages.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<PortalServer> StartAsync(
        PortalOptions options, Action<PortalRoutes> map, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(map);
        for (var attempt = 1; ; attempt++)
        {
            var port = options.Port == 0 ? FindFreePort() : options.Port;
            var server = new PortalServer(Build(port), port, options, map);
            try
            {
                await server.app.StartAsync(cancellation).ConfigureAwait(false);
                return server;
            }
            catch (IOException failure) when (
                options.Port == 0 && attempt < PortAttempts && failure.InnerException is AddressInUseException)
            {
                // Another program took the port in between.
                await server.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>
    /// Asks for the first page once, so that a person does not wait while the code behind it is compiled. The session of this request ends
    /// before any link is made.
    /// </summary>
    /// <param name="cancellation">Stops the request.</param>
    public async Task WarmAsync(CancellationToken cancellation = default)
    {
        try
        {
            await RequestAsync("/open", cancellation).ConfigureAwait(false);
            await RequestAsync("/style.css", cancellation).ConfigureAwait(false);
            await RequestAsync($"{prefix}/", cancellation, $"Cookie: {Cookie}={session.Begin()}\r\n").ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // The first page is then as slow as it is.
        }
        finally
        {
            session.End();
        }
    }

    /// <summary>Makes the address that opens the page once, in place of the one before. A browser that is in stays in until the
    /// link is used.</summary>
    public Uri CreateLink() => new(Address, $"open?token={token.Issue()}");

    /// <summary>Ends the session if nobody used it for the limit. A request does so too; a timer calls this.</summary>
    public void LockIfIdle() => session.EndIfIdle();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        session.End();
        await app.DisposeAsync().ConfigureAwait(false);
        await writer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RequestAsync(string path, CancellationToken cancellation, string header = "")
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellation).ConfigureAwait(false);
        var request = $"GET {path} HTTP/1.1\r\nHost: {Address.Authority}\r\nConnection: close\r\n{header}\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), cancellation).ConfigureAwait(false);
        var page = new byte[16 * 1024];
        while (await socket.ReceiveAsync(page, cancellation).ConfigureAwait(false) > 0)
        {
        }
    }

    private static WebApplication Build(int port)
    {
        // Messages of a server are of no use to its one user; a failure is shown on the page.
        var builder = HttpsServer.CreateBuilder(kestrel =>
        {
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
            kestrel.Listen(IPAddress.Loopback, port);
            if (HasLoopback6())
            {
                kestrel.Listen(IPAddress.IPv6Loopback, port);
            }
        });
        return builder.Build();
    }

    private static int FindFreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static bool HasLoopback6()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static byte[] ReadAsset(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static ShownPage? Explain(PortalOptions options, Exception failure) => options.Explain(failure) is { } refusal
        ? (ShownPage)PageResult.Page<RefusalView, Refusal>("Not done", refusal) with { Status = StatusOf(refusal.Kind) }
        : null;

    private static ShownPage NotFound() => (ShownPage)PageResult.Page<MissingView, string>("Not found", "") with
    {
        Status = StatusCodes.Status404NotFound,
    };

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.Unverified or RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Withheld => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    // The order: the request is the user's own browser's, then the door, and everything else needs the cookie.
    private async Task CheckAsync(RequestGuard guard, HttpContext context, RequestDelegate next)
    {
        RequestGuard.Protect(context.Response);
        if (guard.FindProblem(context.Request) is { } problem)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(problem + "\n", context.RequestAborted).ConfigureAwait(false);
            return;
        }
        var path = context.Request.Path;
        if (path == "/open" || path == "/style.css" || path == "/script.js" || path == "/icon.svg")
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        // A page that waits for something loads itself again, and that is no sign of a person.
        var isUse = !context.Request.Query.ContainsKey("again");
        if (!session.Admits(ReadCookies(context.Request), isUse))
        {
            await WriteDoorAsync(context, StatusCodes.Status401Unauthorized).ConfigureAwait(false);
            return;
        }
        await next(context).ConfigureAwait(false);
    }

    // The parsed collection keeps one value of each name.
    private static IEnumerable<string> ReadCookies(HttpRequest request) => request.Headers.Cookie.OfType<string>()
        .SelectMany(header => header.Split(';', StringSplitOptions.TrimEntries))
        .Where(pair => pair.StartsWith($"{Cookie}=", StringComparison.Ordinal)).Select(pair => pair[(Cookie.Length + 1)..]);

    private async Task OpenAsync(HttpContext context)
    {
        if (!token.TryUse(context.Request.Query["token"]))
        {
            await WriteDoorAsync(context, StatusCodes.Status401Unauthorized).ConfigureAwait(false);
            return;
        }
        context.Response.Cookies.Append(Cookie, session.Begin(), new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Path = prefix, IsEssential = true,
        });
        // A redirection would belong to the navigation from outside, which gets no strict cookie; this page's own one does.
        await WriteTextAsync(context, StatusCodes.Status200OK, "Opening", $"""
            <p><a href="{prefix}/">Continue</a></p>
            """, $"""<meta http-equiv="refresh" content="0; url={prefix}/">""").ConfigureAwait(false);
    }

    private static Task WriteDoorAsync(HttpContext context, int status) => WriteTextAsync(context, status, "Locked", """
        <h1>This page is locked</h1>
        <p class="lead">It opens with a link that works once.</p>
        <p>Go to the terminal where <code>guardian open</code> runs and press Enter: it prints a new link.
        The page also locks when nobody uses it for a while, and keys then leave its memory.</p>
        """);

    private static Task WriteTextAsync(HttpContext context, int status, string title, string body, string head = "")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            {head}
            <title>{title} - Guardian</title>
            <link rel="icon" href="/icon.svg">
            <link rel="stylesheet" href="/style.css">
            </head>
            <body>
            <main class="door">
            {body}
            </main>
            </body>
            </html>

            """, context.RequestAborted);
    }

    private void MapAsset(string path, string type, byte[] content) => app.MapMethods(path, ["GET"], async context =>
    {
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    });
}
