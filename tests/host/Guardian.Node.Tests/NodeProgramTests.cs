using System.Diagnostics;

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
    [InlineData("no-such-folder/relay.sock", "", "there is no folder")]
    [InlineData("node.yaml", "", "Address already in use")]
    [InlineData("relay.sock", "  listen: 203.0.113.1:9471", "cannot answer monitoring on 203.0.113.1:9471")]
    public async Task What_cannot_be_listened_on_is_told_and_nothing_of_it_is_removed(string listen, string metrics, string words)
    {
        var configuration = WriteConfiguration(listen, metrics);
        var (exitCode, error) = await RunAsync("dotnet", Program, "--config", configuration);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(3, exitCode);
        Assert.True(File.Exists(configuration));
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
