using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Guardian.Node.Tests;

[Trait("Starts", "processes")]
public sealed class NodeProgramTests : IDisposable
{
    // Acts as systemd: it listens, starts the program with the socket as descriptor 3, and keeps the socket for the next start.
    private const string Activate = """
        import os, socket, sys
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen(8)
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        for start in range(2):
            process = os.fork()
            if process == 0:
                os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
                os.execvp("dotnet", ["dotnet"] + sys.argv[2:])
            client = socket.socket(socket.AF_UNIX)
            client.connect(sys.argv[1])
            # There is no libvirt behind the relay, so it closes.
            assert client.recv(1) == b""
            os.kill(process, 15)
            assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
        """;

    private readonly TemporaryFolder folder = new();

    private static string Program => Path.Combine(GuardianProgram.FolderOf("Guardian.Node"), "guardian-node.dll");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_daemon_takes_systemds_socket_and_leaves_it_whole_for_the_next_start()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3, to hand over a socket");
        var configuration = WriteConfiguration("never.sock");
        var (exitCode, error) = await RunAsync(
            "/usr/bin/python3", "-c", Activate, folder.File("relay.sock"), Program, "--config", configuration);
        Assert.True(exitCode == 0, error);
        Assert.False(File.Exists(folder.File("never.sock")));
    }

    [Theory]
    [InlineData("no-such-folder/relay.sock", "there is no folder")]
    [InlineData("node.yaml", "Address already in use")]
    public async Task What_cannot_be_listened_on_is_told_and_nothing_of_it_is_removed(string listen, string words)
    {
        var configuration = WriteConfiguration(listen);
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", configuration);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(3, exitCode);
        Assert.True(File.Exists(configuration));
    }

    [Fact]
    public async Task An_address_that_another_program_has_is_told()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var configuration = WriteConfiguration("relay.sock", $"  listen: {other.LocalEndpoint}");
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", configuration);
        Assert.Contains($"{other.LocalEndpoint}: address already in use", error, StringComparison.Ordinal);
        Assert.Equal(3, exitCode);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_told()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var configuration = WriteConfiguration("relay.sock", $"""
              listen: 203.0.113.1:9471
              certificate: {folder.Write("node.pem", certificate.ExportCertificatePem())}
              key: {folder.Write("node.key", key.ExportPkcs8PrivateKeyPem())}
              token_file: {folder.Write("token", new string('t', 32))}
            """);
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", configuration);
        Assert.Contains("cannot answer monitoring on 203.0.113.1:9471", error, StringComparison.Ordinal);
        Assert.Equal(3, exitCode);
    }

    [Theory]
    [InlineData("  listen: 203.0.113.1:9471", 2, "203.0.113.1:9471 is not a loopback address")]
    [InlineData("  listen: 127.0.0.1:1\n  token_file: /no-such-file", 3, "/no-such-file")]
    [InlineData("  listen: 127.0.0.1:1\n  token_file: /dev/null", 3, "has no token of 32 to 1024 printable characters")]
    [InlineData("  listen: 127.0.0.1:1\n  certificate: /dev/null\n  key: /dev/null", 3, "/dev/null and /dev/null")]
    public async Task What_does_not_protect_monitoring_is_told(string metrics, int exit, string words)
    {
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", WriteConfiguration("relay.sock", metrics));
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(exit, exitCode);
    }

    [Fact]
    public async Task A_damaged_journal_stops_the_daemon_and_the_hint_says_what_to_do()
    {
        folder.Write("epc.journal", "damaged\nlines\n");
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", WriteConfiguration("relay.sock"));
        Assert.Equal(3, exitCode);
        Assert.Contains("error: ", error, StringComparison.Ordinal);
        Assert.Contains("line 1 is damaged", error, StringComparison.Ordinal);
        Assert.Contains("hint: move the file away", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_daemon_of_a_journal_is_refused_and_takes_nothing_from_the_first()
    {
        using var first = Process.Start("dotnet", [Program, "--config", WriteConfiguration("relay.sock")]);
        try
        {
            while (!File.Exists(folder.File("epc.journal.alive")))
            {
                Assert.False(first.HasExited, "the daemon ended");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
            var claims = await ReadInodeAsync();
            var (exitCode, error) = await RunAsync("dotnet", Program, "--config", WriteConfiguration("other.sock"));
            Assert.Contains($"another daemon has the journal {folder.File("epc.journal")} open", error, StringComparison.Ordinal);
            Assert.Equal(3, exitCode);
            // The first one goes on to write into the file that it has open.
            Assert.Equal(claims, await ReadInodeAsync());
            Assert.False(File.Exists(folder.File("other.sock")));
        }
        finally
        {
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        async Task<string> ReadInodeAsync()
        {
            using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%i", folder.File("epc.journal.claims")])
            {
                RedirectStandardOutput = true,
            })!;
            return await stat.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("<&- >&-")]
    [InlineData("<&- >&- 2>&-")]
    public async Task A_daemon_without_streams_serves_and_ends_by_a_signal(string streams)
    {
        var start = $"exec dotnet {Program} --config {WriteConfiguration("relay.sock")} {streams}";
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", start]))!;
        while (!File.Exists(folder.File("epc.journal.alive")))
        {
            Assert.False(process.HasExited, "the daemon ended");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    private string WriteConfiguration(string listen, string more = "") => folder.Write("node.yaml", $"""
        relay:
          listen: {folder.File(listen)}
          upstream: {folder.File("none.sock")}
        meter:
          journal: {folder.File("epc.journal")}
        {more}
        """);

    private static async Task<(int ExitCode, string Error)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await error);
    }
}
