using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Guardian.Cli.Tests;

/// <summary>A CAS as a service: it says what it waits for, ends in order, and takes its options from a file and the environment.</summary>
[Trait("Starts", "processes")]
public sealed class CasOperationsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_a_serving_cas_in_order_with_0(string signal)
    {
        using var process = Start(["cas", "start", "--state", "cas", "--machine", "machine"]);
        Assert.Contains("listening on", await process.StandardOutput.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(0, await EndAsync(process, signal));
        Assert.DoesNotContain("error", await process.StandardError.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_start_waits_for_its_database_says_so_and_ends_with_0_when_it_is_asked_to(string signal)
    {
        // A database that accepts connections and never answers.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        folder.Write("database", $"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=cas;Database=cas;Timeout=1000");
        using var process = Start(["cas", "start", "--state", "cas", "--machine", "machine", "--database", "database"]);
        await ReadUntilAsync(process.StandardError, "guardian-cas is still starting: opening its database");
        Assert.Equal(0, await EndAsync(process, signal));
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Options_come_before_the_environment_and_the_environment_before_the_file()
    {
        folder.Write("cas.yaml", "# all of it\nstate: from-file\nmachine: machine\nlog: all\n");
        await AssertStateAsync("from-file", [], []);
        await AssertStateAsync("from-environment", [("GUARDIAN_CAS_STATE", "from-environment")], []);
        await AssertStateAsync("from-option", [("GUARDIAN_CAS_STATE", "from-environment")], ["--state", "from-option"]);
        await AssertStateAsync("other", [("GUARDIAN_CAS_CONFIG", "cas.yaml"), ("GUARDIAN_CAS_STATE", "other")], [], config: []);
    }

    [Theory]
    [InlineData("listn: 127.0.0.1:1\n", "cas.yaml:1:1")]
    [InlineData("listen: [a, b]\n", "cas.yaml:1:9")]
    [InlineData("listen: a\nlisten: b\n", "cas.yaml:2")]
    [InlineData("recover: true\n", "cas.yaml:1:1")]
    [InlineData("- x\n", "cas.yaml:1:1")]
    [InlineData("threshold: many\n", "'threshold' in cas.yaml")]
    [InlineData("log: everything\n", "--log is off, denials or all")]
    public async Task A_mistake_in_the_file_is_named_with_its_place(string content, string expected)
    {
        folder.Write("cas.yaml", content);
        using var process = Start(["cas", "start", "--config", "cas.yaml", "--machine", "machine", "--state", "cas"]);
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 2, error);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Systemd_learns_each_step_and_when_the_cas_is_ready()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        using var process = Start(
            ["cas", "start", "--state", "cas", "--machine", "machine"], ("NOTIFY_SOCKET", folder.File("notify")));
        var messages = new List<string>();
        while (!messages.Exists(message => message.StartsWith("READY=1\nSTATUS=listening on https://127.0.0.1:", StringComparison.Ordinal)))
        {
            messages.Add(await ReceiveAsync(systemd));
        }
        Assert.Contains("STATUS=opening its database", messages);
        Assert.Equal(0, await EndAsync(process, "TERM"));
        Assert.Equal("STOPPING=1", await ReceiveAsync(systemd));
    }

    [Fact]
    public async Task Each_request_is_one_line_with_caller_call_and_result_and_without_secrets()
    {
        (await GuardianProgram.RunAsync(folder.Path, "key", "create", "alice.pem")).Ends(0);
        (await GuardianProgram.RunAsync(folder.Path, "key", "create", "bob.pem")).Ends(0);
        folder.Write("session.yaml", "name: kept\nsecrets: [{name: s, kind: ascii, value: correct-horse}]\n");
        using var process = Start(
            ["cas", "start", "--state", "cas", "--machine", "machine", "--owner", "alice.pem", "--log", "all", "--json"]);
        var listening = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!;
        var address = new Uri((string)listening["address"]!).Authority;
        string[] more = ["--cas", address, "--platform", "simulated"];
        (await GuardianProgram.RunAsync(folder.Path, ["session", "create", "session.yaml", "--key", "alice.pem", .. more])).Ends(0);
        (await GuardianProgram.RunAsync(folder.Path, ["session", "read", "kept", "--key", "bob.pem", .. more])).Ends(1);
        Assert.Equal(0, await EndAsync(process, "TERM"));
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        Assert.DoesNotContain("correct-horse", error, StringComparison.Ordinal);
        var lines = error.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!).ToList();
        var created = Assert.Single(lines, line => (string?)line["call"] == "POST /v1/sessions");
        Assert.Equal((201, null, 16), ((int)created["status"]!, (string?)created["reason"], ((string)created["request"]!).Length));
        var refused = Assert.Single(lines, line => (string?)line["call"] == "GET /v1/sessions/{**name}");
        Assert.Equal(
            (404, "not-found", "/v1/sessions/kept"), ((int)refused["status"]!, (string?)refused["reason"], (string?)refused["path"]));
        Assert.NotEqual((string)created["caller"]!, (string)refused["caller"]!);
        Assert.True((double)refused["milliseconds"]! > 0);
    }

    [Fact]
    public async Task The_same_command_line_starts_the_first_replica_and_joins_only_where_there_is_no_key()
    {
        (await GuardianProgram.RunAsync(folder.Path, "key", "create", "alice.pem")).Ends(0);
        // Nothing listens there: the store is empty and has owners to be, so this replica is the first; then it has its key.
        string[] start = ["cas", "start", "--state", "cas", "--machine", "machine", "--join", "https://127.0.0.1:9"];
        (await GuardianProgram.RunAsync(folder.Path, start)).Ends(1).Says("the database is empty").Says("--owner");
        string[] command = [.. start, "--owner", "alice.pem"];
        for (var life = 0; life < 2; life++)
        {
            using var process = Start(command);
            Assert.Contains("listening on", await process.StandardOutput.ReadLineAsync(Cancellation), StringComparison.Ordinal);
            Assert.Equal(0, await EndAsync(process, "TERM"));
        }
        Array.ForEach(Directory.GetFiles(folder.File("cas"), "*.sealed"), File.Delete);
        (await GuardianProgram.RunAsync(folder.Path, command)).Ends(3).Says("gives no key");
    }

    [Fact]
    public async Task The_unit_is_one_that_systemd_accepts_and_its_command_exists()
    {
        var unit = await File.ReadAllTextAsync(Repository.File("deploy", "systemd", "guardian-cas.service"), Cancellation);
        var command = unit.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        Assert.EndsWith("guardian.dll cas start --config /etc/guardian/cas.yaml", command, StringComparison.Ordinal);
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "Debian's package systemd is not installed");
        folder.Write("guardian-cas.service", unit.Replace(command, "ExecStart=/bin/true", StringComparison.Ordinal));
        var start = new ProcessStartInfo("systemd-analyze", ["verify", folder.File("guardian-cas.service")])
        {
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        Assert.Equal("", await process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task AssertStateAsync(
        string state, (string, string)[] environment, string[] options, string[]? config = null)
    {
        using var process = Start(["cas", "start", .. config ?? ["--config", "cas.yaml"], .. options], environment);
        Assert.Contains("listening on", await process.StandardOutput.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File($"{state}/cas.sqlite")));
        Assert.Equal(0, await EndAsync(process, "TERM"));
        Directory.Delete(folder.File(state), recursive: true);
        Assert.DoesNotContain(Directory.GetDirectories(folder.Path), found => Path.GetFileName(found) is not ("machine" or ".local"));
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var bytes = new byte[4096];
        return Encoding.UTF8.GetString(bytes, 0, await socket.ReceiveAsync(bytes, Cancellation));
    }

    private static async Task ReadUntilAsync(StreamReader reader, string words)
    {
        while (await reader.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains(words, StringComparison.Ordinal))
            {
                return;
            }
        }
        Assert.Fail($"'{words}' did not appear");
    }

    private static async Task<int> EndAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await process.WaitForExitAsync(Cancellation);
        return process.ExitCode;
    }

    private Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var command = GuardianProgram.Command("Guardian.Cli", "guardian");
        // A program does not see a signal that its parent ignores, and the tests may run under such a parent.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command, .. arguments])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HOME"] = folder.Path;
        start.Environment.Remove("XDG_STATE_HOME");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }
}
