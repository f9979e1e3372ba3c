using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian logs</c>: the encrypted standard streams of a program, for the readers that its session names.</summary>
internal sealed class LogsCommand : CliCommand
{
    private readonly StdioOptions stdio = new();
    private readonly Argument<string> file = new("FILE") { Description = "The log; - is standard input.", DefaultValueFactory = _ => "-" };

    public LogsCommand() : base(
        "logs",
        "Decrypt a program's log as a container engine or a file has it, and report lines that are missing, exchanged or forged.") =>
        AddSymbols([stdio.Service, file, .. stdio.Others]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var lines = InputFile.Open(arguments.GetRequiredValue(file));
        using var log = new StdioLog(await stdio.ReadKeyAsync(arguments, cancellation).ConfigureAwait(false));
        var printer = new StdioPrinter(terminal.Json);
        await StdioParts.ReadAllAsync(lines, part => printer.Read(log, part), cancellation).ConfigureAwait(false);
        printer.Finish(log);
        return printer.Problems == 0 ? ExitCode.Done : ExitCode.Refused;
    }
}
