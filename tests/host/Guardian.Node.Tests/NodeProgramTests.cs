using System.Diagnostics;
using Guardian.Documents;

namespace Guardian.Node.Tests;

public sealed class NodeProgramTests : IDisposable
{
    // Does what systemd does: listens, starts the program with the socket as descriptor 3, and keeps it for the next start.
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

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_daemon_takes_systemds_socket_and_leaves_it_whole_for_the_next_start()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3, to hand over a socket");
        var configuration = folder.Write("node.yaml", $"relay:\n  listen: {folder.File("never.sock")}\n  upstream: {folder.File("none.sock")}\nmeter:\n  journal: {folder.File("epc.journal")}\n");
        using var process = Process.Start(new ProcessStartInfo(
            "/usr/bin/python3", ["-c", Activate, folder.File("relay.sock"), Path.Combine(GuardianProgram.FolderOf("Guardian.Node"), "guardian-node.dll"), "--config", configuration]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, await error);
        Assert.False(File.Exists(folder.File("never.sock")));
    }

    [Theory]
    [InlineData("relay:\n  users: [nobody-here]\n", "there is no user 'nobody-here'")]
    [InlineData("relay: 1\n", "must be a map")]
    [InlineData("relay:\n  listen: /run/a-path-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on.sock\n", "1 to 107 bytes")]
    [InlineData("sgx:\n  sections:\n    - node: 0\n", "'mib' is missing")]
    public void A_bad_configuration_is_refused_with_its_place(string yaml, string words)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        Assert.Null(NodeConfiguration.Read(System.Text.Encoding.UTF8.GetBytes(yaml), "root:x:0:0:root:/root:/bin/sh\n", problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-such-folder/relay.sock", "", "there is no folder")]
    [InlineData("node.yaml", "", "Address already in use")]
    [InlineData("relay.sock", "  listen: 203.0.113.1:9471\n", "cannot answer monitoring on 203.0.113.1:9471")]
    public async Task What_cannot_be_listened_on_is_told_and_nothing_of_it_is_removed(string listen, string metrics, string words)
    {
        var configuration = folder.Write("node.yaml", $"relay:\n  listen: {folder.File(listen)}\n  upstream: {folder.File("none.sock")}\nmeter:\n  journal: {folder.File("epc.journal")}\n{metrics}");
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(GuardianProgram.FolderOf("Guardian.Node"), "guardian-node.dll"), "--config", configuration]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        await process.WaitForExitAsync(limit.Token);
        Assert.Contains(words, await error, StringComparison.Ordinal);
        Assert.Equal(3, process.ExitCode);
        Assert.True(File.Exists(configuration));
    }

    [Fact]
    public void Users_are_given_by_name_or_number()
    {
        var configuration = NodeConfiguration.Read("relay:\n  users: [nova, 1234]\n"u8, "root:x:0:0:root:/root:/bin/sh\nnova:x:64060:64060::/var/lib/nova:/bin/sh\n", new Guardian.Documents.DocumentProblems())!;
        Assert.Equal([0u, 1234u, 64_060u], configuration.Users.Order());
    }
}
