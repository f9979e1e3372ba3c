using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Guardian.Attestation.Launch;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests.Desk;

/// <summary>Programs that the page starts, and their logs, over HTTP as a browser sends it.</summary>
[Trait("Starts", "processes")]
public sealed partial class ProgramPagesTests : IAsyncLifetime
{
    private const string Secret = "a secret <b>text</b>";

    private readonly TemporaryFolder folder = new();
    private readonly byte[] program = WasmEngine.Assemble(ConfidentialProgramTests.Note);
    private readonly int port = ReservedPort.Reserve();
    private Running? cas;

    private string Cas => $"https://127.0.0.1:{port}";

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(folder.File("note.wasm"), program);
        (await RunAsync("key", "create", "owner.pem")).Ends(0);
        cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine",
            folder.File(".local/state/guardian/machine"), "--listen", $"127.0.0.1:{port}", "--owners",
            GuardianProgram.PublicKey(folder.File("owner.pem")), "--threshold", "1");
        folder.Write("session.yaml", $$"""
            name: notes
            services:
              - name: app
                command: [note]
                program: {{Convert.ToHexStringLower(SHA256.HashData(program))}}
                attestation:
                  - mrenclave: [{{EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime"))}}]
                platforms: [simulated]
                volumes:
                  - {name: data, path: /data}
                stdio: {readers: [CREATOR]}
                host: {arguments: 1}
            volumes:
              - name: data
            """);
        (await RunAsync("session", "create", "session.yaml", "--cas", Cas, "--key", "owner.pem", "--platform", "simulated")).Ends(0);
    }

    public ValueTask DisposeAsync()
    {
        cas?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_program_is_started_and_its_encrypted_log_is_shown_until_the_page_locks()
    {
        using var desk = await ConnectAsync();
        Assert.Contains("Start a program", await desk.GetAsync("/programs/session?name=notes"), StringComparison.Ordinal);
        await EndAsync(desk, await StartAsync(desk, folder.File("note.wasm"), Secret));
        var here = await StartAsync(desk, folder.File("note.wasm"), "");
        var page = await EndAsync(desk, here);
        Assert.Contains("ended well (0)", page, StringComparison.Ordinal);
        Assert.Contains("no line is missing or forged", page, StringComparison.Ordinal);
        // The text of a program is text, and not a part of the page.
        Assert.Contains(WebUtility.HtmlEncode(Secret), page, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, page, StringComparison.Ordinal);

        // The host has only what is encrypted, and the command reads the same log.
        var log = LogFile().Match(page).Groups[1].Value;
        Assert.DoesNotContain(Secret, await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        string[] logs = ["logs", "notes/app", log, "--cas", Cas, "--key", "owner.pem", "--platform", "simulated"];
        Assert.Equal(Secret, (await RunAsync(logs)).Ends(0).Output);
        Assert.Equal(Secret, (await RunAsync([.. logs, "--follow"])).Ends(0).Output);

        await desk.LockAsync();
        await desk.AskForLinkAsync();
        await desk.EnterAsync();
        using var gone = await desk.SendAsync(here);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, gone.StatusCode);
        Assert.Contains("notes/app", await desk.GetAsync("/programs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_the_session_does_not_name_is_refused_with_the_reason_in_its_log()
    {
        using var desk = await ConnectAsync();
        await File.WriteAllBytesAsync(
            folder.File("other.wasm"), WasmEngine.Assemble("(module (memory (export \"memory\") 1) (func (export \"_start\")))"),
            TestContext.Current.CancellationToken);
        var page = await EndAsync(desk, await StartAsync(desk, folder.File("other.wasm"), ""));
        Assert.Contains("could not be run (125)", page, StringComparison.Ordinal);
        Assert.Contains("not the one that the session names", page, StringComparison.Ordinal);
        var (status, missing) = await desk.PostAsync(
            "/programs/start", ("session", "notes"), ("service", "app"), ("program", folder.File("absent.wasm")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("absent.wasm", missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_grows_is_followed_and_a_folder_offers_its_files()
    {
        using var desk = await ConnectAsync();
        string[] run = ["run", "--session", "notes/app", "--cas", Cas, "--platform", "simulated", "note.wasm"];
        var lines = (await RunAsync([.. run, "one"])).Ends(0).Output + (await RunAsync(run)).Ends(0).Output;
        var half = lines.LastIndexOf("gstd1 out", StringComparison.Ordinal);
        Directory.CreateDirectory(folder.File("logs"));
        folder.Write("logs/app.log", lines[..half]);

        var (_, list) = await desk.PostAsync(
            "/programs/follow", ("session", "notes"), ("service", "app"), ("path", folder.File("logs")));
        Assert.Contains("app.log", list, StringComparison.Ordinal);
        var (_, page) = await desk.PostAsync(
            "/programs/follow", ("session", "notes"), ("service", "app"), ("path", folder.File("logs/app.log")));
        Assert.Contains("http-equiv=\"refresh\"", page, StringComparison.Ordinal);
        Assert.Contains(">one</pre>", page, StringComparison.Ordinal);
        await File.AppendAllTextAsync(
            folder.File("logs/app.log"), "another program's line\n", TestContext.Current.CancellationToken);
        var here = Follow().Match(page).Value;
        var still = await desk.GetAsync(here + "?still=1");
        Assert.Contains("another program&#x27;s line", still, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv=\"refresh\"", still, StringComparison.Ordinal);
        var frame = lines.Split('\n').First(line => line.StartsWith("gstd1 out", StringComparison.Ordinal));
        await File.AppendAllTextAsync(folder.File("logs/app.log"), frame + "\n", TestContext.Current.CancellationToken);
        Assert.Contains("1 problem", await desk.GetAsync(here), StringComparison.Ordinal);
        var (status, _) = await desk.PostAsync(
            "/programs/follow", ("session", "notes"), ("service", "other"), ("path", folder.File("logs/app.log")));
        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    private async Task<OpenDesk> ConnectAsync()
    {
        var desk = await OpenDesk.StartAsync(folder.Path);
        await desk.EnterAsync();
        var (_, page) = await desk.PostAsync(
            "/programs/connect", ("cas", Cas), ("key", folder.File("owner.pem")), ("platform", "simulated"));
        Assert.Contains("This CAS runs the accepted code", page, StringComparison.Ordinal);
        return desk;
    }

    // The page of its log.
    private static async Task<string> StartAsync(OpenDesk desk, string file, string argument)
    {
        var (status, page) = await desk.PostAsync(
            "/programs/start", ("session", "notes"), ("service", "app"), ("program", file), ("kind", "module"), ("arguments", argument));
        Assert.True(status == HttpStatusCode.OK, page);
        return Follow().Match(page).Value;
    }

    private static async Task<string> EndAsync(OpenDesk desk, string log)
    {
        while (true)
        {
            var page = await desk.GetAsync(log);
            if (!page.Contains("http-equiv=\"refresh\"", StringComparison.Ordinal))
            {
                return page;
            }
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);

    [GeneratedRegex("/programs/follow/[0-9a-f]{16}")]
    private static partial Regex Follow();

    [GeneratedRegex("The log is <code>([^<]+)</code>")]
    private static partial Regex LogFile();
}
