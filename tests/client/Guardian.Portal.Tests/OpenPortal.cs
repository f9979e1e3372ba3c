using System.Net;
using System.Text.RegularExpressions;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Portal.Tests;

/// <summary>The product's server with one page and one change.</summary>
internal sealed partial class OpenPortal : IAsyncDisposable
{
    private readonly PortalServer server;

    private OpenPortal(PortalServer server) => this.server = server;

    public const string Secret = NaivePortal.Secret;

    public ManualTime Time { get; private init; } = new();

    public Uri Address => server.Address;

    public int Changes { get; private set; }

    public int Locks { get; private set; }

    public int Reads { get; private set; }

    public Uri CreateLink() => server.CreateLink();

    public void LockIfIdle() => server.LockIfIdle();

    public Task WarmAsync() => server.WarmAsync();

    public static async Task<OpenPortal> StartAsync()
    {
        var time = new ManualTime();
        OpenPortal? portal = null;
        var refused = new RefusalReason("not-here", RefusalKind.Forbidden, "A test.");
        var started = await PortalServer.StartAsync(
            new PortalOptions
            {
                Time = time,
                OnLock = () => portal!.Locks++,
                Explain = failure => failure is RefusedException known ? known.Refusal : null,
            },
            routes =>
            {
                routes.Get("/", request =>
                {
                    portal!.Reads++;
                    return PageResult.Page<SecretView, string>("Rooms", Secret + request.Query("name"));
                });
                routes.Get("/refused", (Func<PageRequest, PageResult>)(_ => throw new RefusedException(
                    refused.Because("the key is no member's") with { Remedy = "use another <key>", Problems = ["one", "two"] })));
                routes.Post("/change", request =>
                {
                    portal!.Changes++;
                    return PageResult.Redirect("/");
                });
            });
        return portal = new OpenPortal(started) { Time = time };
    }

    /// <summary>Opens the page as a user's browser does.</summary>
    /// <returns>The browser, the path of the page, and the value of its forms.</returns>
    public async Task<(HttpClient Browser, string Path, string FormToken)> OpenAsync()
    {
        var browser = CreateBrowser(out _);
        var (path, token) = await EnterAsync(browser, CreateLink());
        return (browser, path, token);
    }

    public static async Task<(string Path, string FormToken)> EnterAsync(HttpClient browser, Uri link)
    {
        var opening = await browser.GetStringAsync(link);
        var path = Target().Match(opening).Groups[1].Value;
        var page = await browser.GetStringAsync(new Uri(link, path));
        Assert.Contains(Secret, page, StringComparison.Ordinal);
        return (path, Form().Match(page).Groups[1].Value);
    }

    public static HttpClient CreateBrowser(out CookieContainer cookies)
    {
        cookies = new CookieContainer();
        return new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [GeneratedRegex("url=([^\"]+)\"")]
    private static partial Regex Target();

    [GeneratedRegex("name=\"form\" value=\"([^\"]+)\"")]
    private static partial Regex Form();
}
