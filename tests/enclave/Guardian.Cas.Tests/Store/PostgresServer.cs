using System.Diagnostics;

namespace Guardian.Cas.Tests.Store;

/// <summary>A PostgreSQL server of Debian's package, for one test. Disposing stops it at once.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string binaries;

    private PostgresServer(string binaries) => this.binaries = binaries;

    public string ConnectionString { get; private set; } = "";

    /// <summary>Starts a server, or skips the test and names the missing package.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        const string Versions = "/usr/lib/postgresql";
        var found = Directory.Exists(Versions)
            ? Directory.GetDirectories(Versions).Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(bin => File.Exists(Path.Combine(bin, "postgres")))
            : null;
        if (found is null)
        {
            Assert.Skip("Debian's package postgresql is not installed");
        }
        var server = new PostgresServer(found);
        await server.StartCoreAsync();
        return server;
    }

    public void Dispose()
    {
        Run("pg_ctl", "-D", folder.File("data"), "-m", "immediate", "stop").GetAwaiter().GetResult();
        folder.Dispose();
    }

    private async Task StartCoreAsync()
    {
        File.SetUnixFileMode(
            folder.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        Assert.Equal(0, await Run("initdb", "-D", folder.File("data"), "-A", "trust", "-U", "guardian", "--no-instructions"));
        Assert.Equal(0, await Run(
            "pg_ctl", "-D", folder.File("data"), "-w", "-t", "600", "-l", folder.File("log"), "-o", $"-h '' -k {folder.Path}", "start"));
        // A socket in the folder: a port that is free now could be taken when the server starts.
        ConnectionString = $"Host={folder.Path};Username=guardian;Database=postgres;Timeout=300";
    }

    // PostgreSQL refuses to run as root.
    private async Task<int> Run(string program, params string[] arguments)
    {
        var path = Path.Combine(binaries, program);
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        start.WorkingDirectory = folder.Path;
        // The server keeps the streams that it inherits, so do not wait for their end.
        (start.RedirectStandardOutput, start.RedirectStandardInput) = (true, true);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
