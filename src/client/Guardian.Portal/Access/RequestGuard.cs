using Microsoft.AspNetCore.Http;

namespace Guardian.Portal.Access;

/// <summary>
/// Refuses requests that the user's own page cannot have sent. A page of an attacker in the same browser can send requests to loopback,
/// and a name of the attacker's can lead there (DNS rebinding).
/// </summary>
/// <param name="port">The port of this page.</param>
internal sealed class RequestGuard(int port)
{
    private readonly string[] hosts = [$"127.0.0.1:{port}", $"[::1]:{port}", $"localhost:{port}"];

    // Nothing runs, loads or sends but what this page serves itself, and nobody frames it.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'";

    /// <summary>Adds the headers that every response has.</summary>
    public static void Protect(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Nothing leaves for other origins. With 'no-referrer', browsers send forms of this page with the origin 'null'.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.CacheControl = "no-store";
    }

    /// <summary>Finds the reason for which a request is refused.</summary>
    /// <returns>The reason, for people; null when there is none.</returns>
    public string? FindProblem(HttpRequest request)
    {
        var host = request.Host.Value;
        if (host is null || !hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return "this address is served on loopback only, under its own name";
        }
        var isChange = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        var origin = request.Headers.Origin;
        if (origin.Count > 1 || (origin.Count == 1 && origin[0] != $"http://{host}") || (isChange && origin.Count == 0))
        {
            return "the request comes from another page";
        }
        // Another port of this machine is the same site to a browser, but it is another program.
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "" or "same-origin" or "none" || (site is "cross-site" or "same-site" && IsOpening(request))
            ? null
            : "the request comes from another page";
    }

    // A link to the page may stand anywhere: it needs the token, and it shows nothing by itself.
    private static bool IsOpening(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Path == "/open" && request.Headers["Sec-Fetch-Dest"].ToString() is "document";
}
