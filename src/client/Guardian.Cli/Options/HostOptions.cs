using System.CommandLine;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;

namespace Guardian.Cli.Options;

/// <summary>The options of a program that serves from an enclave. Runs the program in the foreground.</summary>
/// <param name="folder">The name of the state folder when the user names none.</param>
internal sealed class HostOptions(string folder)
{
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
        var message = await running.WaitUntilListeningAsync(cancellation).ConfigureAwait(false);
        terminal.Show(message, InstallationJson.Default.ListeningMessage, people => people.WriteLine(
            $"{program.Name}: listening on {message.Address}, mrenclave {message.MrEnclave}, platform {message.Platform}"));
        return await running.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
