using System.CommandLine;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;

namespace Guardian.Cli.Options;

/// <summary>The options of a program that serves from an enclave. Runs the program in the foreground.</summary>
/// <param name="folder">The name of the state folder when the user names none.</param>
internal sealed class HostOptions(string folder)
{
    /// <summary>How long such a command may take to end: open calls of its program end first.</summary>
    public static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    private readonly Option<string> state = new("--state")
    {
        Description = "Folder for its (encrypted) state.",
        DefaultValueFactory = _ => Path.Combine(UserFolders.State, folder),
        HelpName = "DIR",
    };
    private readonly Option<string> machine = new("--machine")
    {
        Description = "Folder of the simulated machine's identity; unused on SGX hardware.",
        DefaultValueFactory = _ => UserFolders.Machine,
        HelpName = "DIR",
    };
    private readonly Option<string> listen = new("--listen")
    {
        Description = "Address and port; port 0 takes a free one.",
        DefaultValueFactory = _ => "127.0.0.1:0",
        HelpName = "HOST:PORT",
    };

    public IReadOnlyList<Option> All => [state, machine, listen];

    /// <summary>The options of a command that only uses the program's folders.</summary>
    public IReadOnlyList<Option> Folders => [state, machine];

    /// <summary>The state folder.</summary>
    public Option<string> State => state;

    /// <summary>The program's arguments about folders.</summary>
    public IReadOnlyList<string> ReadFolders(ParseResult arguments) =>
    [
        "--state", arguments.GetRequiredValue(state), "--machine", arguments.GetRequiredValue(machine),
        "--collateral", UserFolders.Collateral,
    ];

    /// <summary>Runs the program until it ends or the user ends it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">The command line, from which the options are read.</param>
    /// <param name="more">Arguments that the program gets besides these options.</param>
    /// <returns>The program's exit code.</returns>
    public async Task<int> RunAsync(
        InstalledProgram program, ParseResult arguments, IEnumerable<string> more, Terminal terminal, CancellationToken cancellation)
    {
        using var running = program.Start(
            [.. ReadFolders(arguments), "--listen", arguments.GetRequiredValue(listen), .. more],
            forwardErrors: true);
        try
        {
            var message = await WaitUntilListeningAsync(running, program, terminal, cancellation).ConfigureAwait(false);
            SystemdNotify.SendReady($"listening on {message.Address}");
            terminal.Show(message, InstallationJson.Default.ListeningMessage, people => people.WriteLine(
                $"{program.Name}: listening on {message.Address}, mrenclave {message.MrEnclave}, platform {message.Platform}"));
            return await running.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            SystemdNotify.SendStopping();
            return await running.EndAsync(EndingLimit - TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        }
    }

    private static async Task<ListeningMessage> WaitUntilListeningAsync(
        RunningProgram running, InstalledProgram program, Terminal terminal, CancellationToken cancellation)
    {
        var doing = "starting";
        var waiting = running.WaitUntilListeningAsync(cancellation, step =>
        {
            doing = step;
            SystemdNotify.SendStatus(step);
        });
        // A quick start shows nothing.
        for (var pause = FirstPause; !cancellation.IsCancellationRequested; pause *= 2)
        {
            if (await Task.WhenAny(waiting, Task.Delay(pause, cancellation)).ConfigureAwait(false) == waiting)
            {
                break;
            }
            terminal.Note($"{program.Name} is still starting: {doing}");
        }
        return await waiting.ConfigureAwait(false);
    }
}
