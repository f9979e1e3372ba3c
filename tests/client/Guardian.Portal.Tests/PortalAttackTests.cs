using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Globalization;

namespace Guardian.Portal.Tests;

/// <summary>
/// A page of an attacker in the same browser, another program on the machine, and a stranger with an old link attack. Each attack first
/// succeeds against <see cref="NaivePortal"/>.
/// </summary>
public class PortalAttackTests
{
    [Fact]
    public async Task Rebinding_a_name_to_loopback_reads_nothing()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: false);
        using var attacker = new HttpClient();
        Assert.Contains(NaivePortal.Secret, await ReadAsAsync(attacker, naive.Address, "evil.example"), StringComparison.Ordinal);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, _) = await portal.OpenAsync();
        foreach (var host in new[]
        {
            "evil.example", $"evil.example:{portal.Address.Port}", "127.0.0.1", "127.0.0.1:1",
            $"127.0.0.1.evil.example:{portal.Address.Port}",
            $"localhost.evil.example:{portal.Address.Port}", $"[::2]:{portal.Address.Port}", $"127.0.0.2:{portal.Address.Port}",
        })
        {
            Assert.DoesNotContain(
                OpenPortal.Secret, await ReadAsAsync(browser, new Uri(portal.Address, path), host), StringComparison.Ordinal);
        }
        Assert.Contains(
            OpenPortal.Secret, await ReadAsAsync(browser, new Uri(portal.Address, path), portal.Address.Authority),
            StringComparison.Ordinal);
        browser.Dispose();
    }

    [Fact]
    public async Task A_form_of_another_page_changes_nothing()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        using var victim = OpenPortal.CreateBrowser(out _);
        await victim.GetAsync(new Uri(naive.Address, $"open?token={naive.Code}"), TestContext.Current.CancellationToken);
        await PostAsync(victim, new Uri(naive.Address, "change"), "http://evil.example", null);
        Assert.Equal(1, naive.Changes);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, token) = await portal.OpenAsync();
        var change = new Uri(portal.Address, path + "change");
        // Even the form's value does not help: the browser names the page that sends.
        foreach (var origin in new[]
        {
            "http://evil.example", "null", "http://127.0.0.1:1", $"https://127.0.0.1:{portal.Address.Port}", "", null,
            $"http://localhost:{portal.Address.Port}",
        })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(browser, change, origin, token));
        }
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(browser, change, Origin(portal), token, site: "same-site"));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(browser, change, Origin(portal), token, site: "cross-site"));
        Assert.Equal(0, portal.Changes);
        Assert.Equal(HttpStatusCode.SeeOther, await PostAsync(browser, change, Origin(portal), token, site: "same-origin"));
        Assert.Equal(1, portal.Changes);
        browser.Dispose();
    }

    [Fact]
    public async Task A_page_that_warmed_itself_is_as_locked_as_before()
    {
        await using var portal = await OpenPortal.StartAsync();
        await portal.WarmAsync();
        Assert.Equal((1, 1), (portal.Reads, portal.Locks));
        using var stranger = OpenPortal.CreateBrowser(out _);
        using var door = await stranger.GetAsync(portal.Address, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, door.StatusCode);
        var (browser, _, _) = await portal.OpenAsync();
        browser.Dispose();
    }

    [Fact]
    public async Task A_form_without_the_value_of_the_session_changes_nothing()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        using var victim = OpenPortal.CreateBrowser(out _);
        await victim.GetAsync(new Uri(naive.Address, $"open?token={naive.Code}"), TestContext.Current.CancellationToken);
        await PostAsync(victim, new Uri(naive.Address, "change"), naive.Address.GetLeftPart(UriPartial.Authority), null);
        Assert.Equal(1, naive.Changes);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, token) = await portal.OpenAsync();
        foreach (var value in new[] { null, "", "wrong", token[1..], token + "A" })
        {
            Assert.Equal(
                HttpStatusCode.Forbidden, await PostAsync(browser, new Uri(portal.Address, path + "change"), Origin(portal), value));
        }
        Assert.Equal(0, portal.Changes);
        browser.Dispose();
    }

    [Fact]
    public async Task A_program_on_the_machine_without_the_cookie_reads_nothing()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: false);
        using var other = new HttpClient();
        Assert.Contains(
            NaivePortal.Secret, await other.GetStringAsync(naive.Address, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, token) = await portal.OpenAsync();
        // Not even with the path, which is no secret of the page's content.
        foreach (var tried in new[] { "/", path, path + "refused", path + "lock", "/open", "/open?token=" })
        {
            using var response = await other.GetAsync(new Uri(portal.Address, tried), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(other, new Uri(portal.Address, path + "change"), Origin(portal), token));
        Assert.Equal(0, portal.Changes);
        browser.Dispose();
    }

    [Fact]
    public async Task A_link_opens_the_page_once()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        for (var use = 0; use < 2; use++)
        {
            Assert.True(await GetsInAsync(naive.Address, $"open?token={naive.Code}"));
        }

        await using var portal = await OpenPortal.StartAsync();
        var (first, link) = (portal.CreateLink(), portal.CreateLink());
        using var browser = OpenPortal.CreateBrowser(out _);
        var (path, _) = await OpenPortal.EnterAsync(browser, link);
        Assert.False(await GetsInAsync(portal.Address, link.PathAndQuery));
        // A newer link replaces an older one.
        Assert.False(await GetsInAsync(portal.Address, first.PathAndQuery));
        // The user stays in.
        Assert.Contains(
            OpenPortal.Secret, await browser.GetStringAsync(new Uri(portal.Address, path), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guessing_the_link_does_not_open_the_page()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        using var attacker = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        async Task<bool> GuessAsync(Uri address, IEnumerable<string> guesses)
        {
            foreach (var guess in guesses)
            {
                using var response = await attacker.GetAsync(new Uri(address, $"open?token={guess}"));
                if (response.Headers.Contains("Set-Cookie"))
                {
                    return true;
                }
            }
            return false;
        }
        var codes = Enumerable.Range(0, 10_000).Select(code => code.ToString("D4", CultureInfo.InvariantCulture)).ToList();
        Assert.True(await GuessAsync(naive.Address, codes));

        await using var portal = await OpenPortal.StartAsync();
        var token = portal.CreateLink().Query["?token=".Length..];
        // 32 bytes: near misses and all short codes are as wrong as any other guess.
        Assert.Equal(43, token.Length);
        Assert.False(await GuessAsync(portal.Address, codes.Take(2_000)));
        Assert.False(await GuessAsync(portal.Address, [
            token[..^1], token + "A", token.ToUpperInvariant(), "", "%00",
            .. Enumerable.Range(0, 200).Select(_ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('='))]));
        // Wrong guesses do not use the link up.
        Assert.True(await GetsInAsync(portal.Address, $"open?token={token}"));
    }

    [Fact]
    public async Task A_page_of_an_attacker_cannot_frame_read_or_inject()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: false);
        using var reader = new HttpClient();
        using var open = await reader.GetAsync(
            new Uri(naive.Address, "?name=<script>alert(1)</script>"), TestContext.Current.CancellationToken);
        Assert.True(MayFrame(open.Headers));
        Assert.True(RunsInlineScript(open.Headers));
        Assert.Contains("<script>", await open.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, _) = await portal.OpenAsync();
        foreach (var page in new[] { path + "?name=<script>alert(1)</script>", path + "refused", path + "none", "/", "/style.css",
            "/script.js" })
        {
            using var response = await browser.GetAsync(new Uri(portal.Address, page), TestContext.Current.CancellationToken);
            Assert.False(MayFrame(response.Headers));
            Assert.False(RunsInlineScript(response.Headers));
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("same-origin", response.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(response.Headers.Contains("Server"));
            Assert.True(response.Headers.CacheControl!.NoStore);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("<script>", text, StringComparison.Ordinal);
            Assert.DoesNotContain(" style=", text, StringComparison.Ordinal);
        }
        browser.Dispose();
    }

    [Fact]
    public async Task Another_port_of_the_machine_does_not_get_the_cookie()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        using var victim = OpenPortal.CreateBrowser(out var cookies);
        await victim.GetAsync(new Uri(naive.Address, $"open?token={naive.Code}"), TestContext.Current.CancellationToken);
        var elsewhere = new Uri("http://127.0.0.1:1/");
        Assert.NotEmpty(cookies.GetCookieHeader(elsewhere));

        await using var portal = await OpenPortal.StartAsync();
        using var browser = OpenPortal.CreateBrowser(out var kept);
        var (path, _) = await OpenPortal.EnterAsync(browser, portal.CreateLink());
        Assert.NotEmpty(kept.GetCookieHeader(new Uri(portal.Address, path)));
        Assert.Empty(kept.GetCookieHeader(elsewhere));
        Assert.Empty(kept.GetCookieHeader(portal.Address));
        Assert.True(path.Length >= 22);
        var cookie = kept.GetAllCookies().Single();
        Assert.True(cookie.HttpOnly);
    }

    [Fact]
    public async Task A_page_that_nobody_uses_locks()
    {
        await using var naive = await NaivePortal.StartAsync(needsCookie: true);
        using var forgotten = OpenPortal.CreateBrowser(out _);
        await forgotten.GetAsync(new Uri(naive.Address, $"open?token={naive.Code}"), TestContext.Current.CancellationToken);
        Assert.Contains(
            NaivePortal.Secret, await forgotten.GetStringAsync(naive.Address, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, _) = await portal.OpenAsync();
        var page = new Uri(portal.Address, path);
        portal.Time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, page));
        // Reloading by itself is no use.
        for (var minute = 0; minute < 15; minute++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, new Uri(page, "?again=1")));
            portal.Time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(0, portal.Locks);
        portal.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, page));
        Assert.Equal(1, portal.Locks);
        // A new link opens it again.
        await OpenPortal.EnterAsync(browser, portal.CreateLink());
        portal.Time.Advance(TimeSpan.FromHours(1));
        // Keys leave the memory although no request comes.
        portal.LockIfIdle();
        Assert.Equal(2, portal.Locks);
        browser.Dispose();
    }

    [Fact]
    public async Task Locking_ends_the_session_at_once()
    {
        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, token) = await portal.OpenAsync();
        Assert.Equal(
            HttpStatusCode.SeeOther, await PostAsync(browser, new Uri(portal.Address, path + "lock"), Origin(portal), token));
        Assert.Equal(1, portal.Locks);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, new Uri(portal.Address, path)));
        browser.Dispose();
    }

    [Fact]
    public async Task A_refusal_says_what_and_how_to_fix_it()
    {
        await using var portal = await OpenPortal.StartAsync();
        var (browser, path, _) = await portal.OpenAsync();
        using var response = await browser.GetAsync(
            new Uri(portal.Address, path + "refused"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        var text = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("The key is no member's.", text, StringComparison.Ordinal);
        Assert.Contains("use another <key>", text, StringComparison.Ordinal);
        browser.Dispose();
    }

    private static string Origin(OpenPortal portal) => portal.Address.GetLeftPart(UriPartial.Authority);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, Uri address)
    {
        using var response = await client.GetAsync(address);
        return response.StatusCode;
    }

    private static async Task<string> ReadAsAsync(HttpClient client, Uri address, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Host", host);
        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<HttpStatusCode> PostAsync(
        HttpClient client, Uri address, string? origin, string? token, string? site = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent(token is null ? [] : [new("form", token)]),
        };
        foreach (var (name, value) in new[] { ("Origin", origin), ("Sec-Fetch-Site", site) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<bool> GetsInAsync(Uri address, string link)
    {
        using var browser = OpenPortal.CreateBrowser(out var cookies);
        using var response = await browser.GetAsync(new Uri(address, link));
        return cookies.Count > 0;
    }

    private static bool MayFrame(HttpResponseHeaders headers) =>
        !Policy(headers).Contains("frame-ancestors 'none'", StringComparison.Ordinal) && !headers.Contains("X-Frame-Options");

    private static bool RunsInlineScript(HttpResponseHeaders headers) =>
        Policy(headers) is var policy && (!policy.Contains("script-src 'self'", StringComparison.Ordinal)
            || !policy.Contains("default-src 'none'", StringComparison.Ordinal) || policy.Contains("unsafe", StringComparison.Ordinal));

    private static string Policy(HttpResponseHeaders headers) =>
        headers.TryGetValues("Content-Security-Policy", out var values) ? string.Join(';', values) : "";
}
