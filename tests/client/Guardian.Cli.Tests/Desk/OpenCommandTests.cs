using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Guardian.Cli.Tests.Desk;

/// <summary><c>guardian open</c>, as a browser without scripts meets it.</summary>
[Trait("Starts", "processes")]
public sealed class OpenCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_link_opens_the_page_once_and_Enter_gives_another()
    {
        using var desk = await OpenDesk.StartAsync(folder.Path);
        var list = await desk.EnterAsync();
        Assert.Contains("No rooms yet", list, StringComparison.Ordinal);
        using var other = new HttpClient();
        using var again = await other.GetAsync(desk.Link, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        var former = desk.Link;
        Assert.NotEqual(former, await desk.AskForLinkAsync());
        Assert.Contains("No rooms yet", await desk.EnterAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_is_remembered_and_one_that_is_missing_is_refused()
    {
        Directory.CreateDirectory(folder.File("rooms"));
        folder.Write("rooms/room.yaml", "room: broken\n");
        using (var first = await OpenDesk.StartAsync(folder.Path, "rooms"))
        {
            Assert.Contains("not valid yet", await first.EnterAsync(), StringComparison.Ordinal);
        }
        using var second = await OpenDesk.StartAsync(folder.Path);
        var list = await second.EnterAsync();
        var broken = await second.GetAsync(Regex.Match(list, "/rooms/[0-9a-f]{16}").Value);
        Assert.Contains("This contract is not valid yet", broken, StringComparison.Ordinal);

        var missing = (await GuardianProgram.RunAsync(folder.Path, "open", "nowhere", "--no-browser", "--json")).Ends(3);
        Assert.Equal("io", (string?)missing.Json["error"]);
        (await GuardianProgram.RunAsync(folder.Path, "open", "--port", "70000", "--json")).Ends(2);
    }

    [Fact]
    public async Task A_file_outside_the_folders_and_a_name_with_a_path_are_not_served()
    {
        Directory.CreateDirectory(folder.File("rooms"));
        folder.Write("rooms/room.yaml", "room: broken\n");
        using var desk = await OpenDesk.StartAsync(folder.Path, "rooms");
        var list = await desk.EnterAsync();
        var room = Regex.Match(list, "/rooms/[0-9a-f]{16}").Value;
        foreach (var path in new[] { "/files/..%2F..%2Fetc%2Fpasswd", "/files/agency.pem", "/receipts/..%2Froom.yaml" })
        {
            using var response = await desk.SendAsync(room + path);
            Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        }
    }
}

/// <summary>A running <c>guardian open</c>, and the browser that is in.</summary>
internal sealed partial class OpenDesk : IDisposable
{
    private readonly Process process;
    private readonly HttpClient browser;

    private OpenDesk(Process process) =>
        (this.process, browser) = (process, new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }));

    public Uri Link { get; private set; } = null!;

    private string Path { get; set; } = "";

    private string Form { get; set; } = "";

    public static async Task<OpenDesk> StartAsync(string home, params string[] arguments)
    {
        var desk = new OpenDesk(GuardianProgram.Start(home, "Guardian.Cli", "guardian", ["open", "--json", "--no-browser", .. arguments]));
        await desk.ReadLinkAsync();
        return desk;
    }

    public async Task<Uri> AskForLinkAsync()
    {
        await process.StandardInput.WriteLineAsync();
        return await ReadLinkAsync();
    }

    /// <summary>Opens the page, and returns the list of rooms.</summary>
    public async Task<string> EnterAsync()
    {
        var door = await browser.GetStringAsync(Link);
        Path = Target().Match(door).Groups[1].Value.TrimEnd('/');
        var page = await browser.GetStringAsync(new Uri(Link, Path + "/"));
        Form = Token().Match(page).Groups[1].Value;
        return page;
    }

    public async Task<string> GetAsync(string path)
    {
        using var response = await SendAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return text;
    }

    public Task<HttpResponseMessage> SendAsync(string path) => browser.GetAsync(new Uri(Link, Path + path));

    /// <summary>Sends a form, and returns the page that follows.</summary>
    public async Task<(HttpStatusCode Status, string Text)> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var content = new MultipartFormDataContent { { new StringContent(Form), "form" } };
        foreach (var (name, value) in fields)
        {
            if (name.StartsWith('@'))
            {
                content.Add(new ByteArrayContent(await File.ReadAllBytesAsync(value)), name[1..], System.IO.Path.GetFileName(value));
            }
            else
            {
                content.Add(new StringContent(value), name);
            }
        }
        using var response = await SendAsync(path, content);
        if (response.StatusCode != HttpStatusCode.SeeOther)
        {
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        var next = response.Headers.Location!.OriginalString[Path.Length..];
        for (; ; )
        {
            var page = await GetAsync(next);
            if (!next.StartsWith("/jobs/", StringComparison.Ordinal) || !page.Contains("http-equiv=\"refresh\"", StringComparison.Ordinal))
            {
                return (HttpStatusCode.OK, page);
            }
            await Task.Delay(100);
        }
    }

    /// <summary>Locks the page.</summary>
    public async Task LockAsync()
    {
        using var content = new MultipartFormDataContent { { new StringContent(Form), "form" } };
        using var response = await SendAsync("/lock", content);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Link, Path + path)) { Content = content };
        request.Headers.Add("Origin", Link.GetLeftPart(UriPartial.Authority));
        return await browser.SendAsync(request);
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        browser.Dispose();
    }

    private async Task<Uri> ReadLinkAsync()
    {
        var line = await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        return Link = new Uri((string)JsonNode.Parse(line)!["link"]!);
    }

    [GeneratedRegex("url=([^\"]+)\"")]
    private static partial Regex Target();

    [GeneratedRegex("name=\"form\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
