using System.CommandLine;
using System.Text;
using Guardian.Cli;
using Guardian.Cli.Commands;
using Guardian.Cli.Demo;
using Guardian.Cli.Run;

// A program's start is measured in milliseconds: it does not wait for what the other commands need.
if (args is ["run", ..] or ["--json", "run", ..])
{
    return RunCommand.Run(args[0] == "run" ? args.AsSpan(1) : ["--json", .. args.AsSpan(2)]);
}

Console.OutputEncoding = new UTF8Encoding(false);

var root = new RootCommand("Guardian: confidential computing on Intel SGX, for operators, tenants and partners who share data.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    StdioCommands.CreateLogs(),
    StdioCommands.CreateAttach(),
    ImageCommands.Create(),
    RoomCommands.Create(),
    SessionCommands.Create(),
    CasCommands.Create(),
    EnclaveCommands.Create(),
    QuoteCommands.Create(),
    CloudCommands.Create(),
    UsageCommands.Create(),
    NodeCommands.Create(),
    VmCommands.Create(),
    GuestCommands.Create(),
    KeyCommands.Create(),
    VolumeCommands.Create(),
};
root.Options.Add(CommandRunner.JsonOption);

var arguments = root.Parse(args);
if (arguments.Errors.Count > 0)
{
    // System.CommandLine would end with 1, which here means refused.
    foreach (var error in arguments.Errors)
    {
        await Console.Error.WriteLineAsync($"guardian: error: {error.Message}").ConfigureAwait(false);
    }
    await Console.Error.WriteLineAsync("guardian: hint: add --help to see what the command takes").ConfigureAwait(false);
    return ExitCode.Usage;
}
return await arguments.InvokeAsync().ConfigureAwait(false);
