using System.CommandLine;
using System.Text;
using Guardian.Cli.Commands;
using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Entry;
using Guardian.Files.Native;

var hasOutput = InheritedStreams.Has(InheritedStreams.Output);
InheritedStreams.FillMissing();

// The start of a program is measured in milliseconds: it does not wait for what the other commands need.
if (args is ["run", ..] or ["--json", "run", ..])
{
    return RunCommand.Run(args[0] == "run" ? args.AsSpan(1) : ["--json", .. args.AsSpan(2)]);
}

Console.OutputEncoding = new UTF8Encoding(false);
if (!hasOutput)
{
    var closed = CliReasons.Io.Because("standard output is closed, so nothing was done");
    new Terminal(json: false, TextWriter.Null, Console.Error).Fail(closed with { Remedy = "drop the result with >/dev/null" });
    return ExitCode.Failed;
}
var arguments = CommandTree.Create().Parse(args);
if (UsageErrors.Find(arguments) is { } mistake)
{
    new Terminal(arguments.GetValue(CliCommand.JsonOption), Console.Out, Console.Error).Fail(mistake);
    return ExitCode.Usage;
}
var configuration = new InvocationConfiguration();
if (arguments.CommandResult.Command is CliCommand command)
{
    configuration.ProcessTerminationTimeout = command.EndingLimit;
}
return await arguments.InvokeAsync(configuration).ConfigureAwait(false);
