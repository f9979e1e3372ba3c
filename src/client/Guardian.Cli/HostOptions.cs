using System.CommandLine;
using Guardian.Cli.Commands;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary>The options of a program that serves from an enclave, and the running of it in the foreground.</summary>
internal sealed class HostOptions
{
    private readonly Option<string> state;
    private readonly Option<string> machine;
    private readonly Option<string> listen = new("--listen")
    {
        Description = "Address and port; port 0 takes a free one.",
        DefaultValueFactory = _ => "127.0.0.1:0",
        HelpName = "HOST:PORT",
    };

    /// <param name="folder">Name of the state folder, where none is given.</param>
    public HostOptions(string folder)
    {
        state = new Option<string>("--state") { Description = "Folder for its (encrypted) state.", DefaultValueFactory = _ => Path.Combine(Home, folder), HelpName = "DIR" };
        machine = new Option<string>("--machine") { Description = "Folder of the simulated machine's identity; unused on SGX hardware.", DefaultValueFactory = _ => Path.Combine(Home, "machine"), HelpName = "DIR" };
    }

    // XDG's place for state that is kept but is no configuration.
    public static string Home => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "guardian");

    public void AddTo(Command command)
    {
        command.Options.Add(state);
        command.Options.Add(machine);
        command.Options.Add(listen);
    }

    /// <summary>Runs the program until it ends or the person ends it, and passes its exit code on.</summary>
    public async Task<int> RunAsync(
        InstalledProgram program, ParseResult arguments, IEnumerable<string> more, Terminal terminal, CancellationToken cancellation)
    {
        using var running = program.Start(
            ["--state", arguments.GetRequiredValue(state), "--machine", arguments.GetRequiredValue(machine), "--listen", arguments.GetRequiredValue(listen), "--collateral", CollateralCommands.StorePath(null), .. more],
            forward: true);
        var listening = await running.WaitUntilListeningAsync(cancellation).ConfigureAwait(false);
        terminal.Show(
            listening.AsObject(),
            people => people.WriteLine($"{program.Name}: listening on {listening["address"]}, mrenclave {listening["mrEnclave"]}, platform {listening["platform"]}"));
        return await running.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
