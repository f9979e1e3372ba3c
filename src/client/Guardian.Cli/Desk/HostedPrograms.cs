using Guardian.Cli.Installation;

namespace Guardian.Cli.Desk;

/// <summary>A program that this computer runs for a room.</summary>
/// <param name="Address">Where it listens.</param>
internal sealed record HostedProgram(Uri Address, RunningProgram Program);

/// <summary>
/// The CAS and the rooms that <c>guardian open</c> runs for the user, as <c>guardian cas start</c> and <c>guardian room start</c> do. They
/// end with it. Their state is in the folder of the room.
/// </summary>
internal sealed class HostedPrograms : IAsyncDisposable
{
    private static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(25);

    private readonly Lock guard = new();
    private readonly Dictionary<string, HostedProgram> programs = [];

    /// <summary>The program that runs for a folder or contract; null for none.</summary>
    public Uri? Find(string state)
    {
        lock (guard)
        {
            return programs.GetValueOrDefault(state)?.Address;
        }
    }

    /// <summary>The state folder of a folder's CAS.</summary>
    public static string CasState(string folder) => Path.Combine(folder, "cas");

    /// <summary>The state folder of a contract's room: <c>room</c> for <c>room.yaml</c>.</summary>
    public static string RoomState(string contract) =>
        Path.Combine(Path.GetDirectoryName(contract)!, Path.GetFileNameWithoutExtension(contract));

    /// <summary>Runs a CAS for a folder, unless it runs.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="owner">The public key of the owner of a new CAS.</param>
    /// <param name="listen">Address and port.</param>
    public Task<Uri> StartCasAsync(string folder, string owner, string listen, CancellationToken cancellation) => StartAsync(
        InstalledProgram.Cas, CasState(folder), folder, listen, ["--owners", owner, "--threshold", "1"], cancellation);

    /// <summary>Runs a room, unless it runs.</summary>
    public Task<Uri> StartRoomAsync(string contract, Uri cas, string listen, CancellationToken cancellation) => StartAsync(
        InstalledProgram.Enclave, RoomState(contract), Path.GetDirectoryName(contract)!, listen,
        ["--contract", contract, "--cas", cas.ToString()], cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<HostedProgram> running;
        lock (guard)
        {
            running = [.. programs.Values];
            programs.Clear();
        }
        // A room depends on its CAS, so the last one that was started ends first.
        running.Reverse();
        foreach (var each in running)
        {
            await each.Program.EndAsync(EndingLimit).ConfigureAwait(false);
            each.Program.Dispose();
        }
    }

    private async Task<Uri> StartAsync(
        InstalledProgram program, string state, string folder, string listen, IReadOnlyList<string> more, CancellationToken cancellation)
    {
        if (Find(state) is { } known)
        {
            return known;
        }
        var started = program.Start(
            ["--state", state, "--machine", FindMachine(folder), "--collateral", UserFolders.Collateral, "--listen", listen, .. more],
            forwardErrors: false);
        try
        {
            var address = new Uri((await started.WaitUntilListeningAsync(cancellation).ConfigureAwait(false)).Address!);
            lock (guard)
            {
                programs[state] = new HostedProgram(address, started);
            }
            // A pipe that nobody reads would stop the program. When it ends by itself, it can be started again.
            _ = started.WaitAsync(CancellationToken.None).ContinueWith(
                _ => Remove(state), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return address;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    // The folder of `guardian demo --keep` has a simulated machine of its own.
    private static string FindMachine(string folder) =>
        Path.Combine(folder, "machine") is var own && Directory.Exists(own) ? own : UserFolders.Machine;

    private void Remove(string state)
    {
        lock (guard)
        {
            programs.Remove(state);
        }
    }
}
