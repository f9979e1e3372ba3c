using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian logs</c>: the encrypted standard streams of a program, for the readers that its session names.</summary>
internal sealed class LogsCommand : CliCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly StdioOptions stdio = new();
    private readonly Argument<string> file = new("FILE") { Description = "The log; - is standard input.", DefaultValueFactory = _ => "-" };
    private readonly Option<bool> follow = new("--follow")
    {
        Description = "Wait for more of FILE, until each run in it has ended; also when the log is rotated.",
    };

    public LogsCommand() : base(
        "logs",
        "Decrypt a program's log as a container engine or a file has it, and report lines that are missing, exchanged or forged.")
    {
        AddSymbols([stdio.Service, file, follow, .. stdio.Others]);
        Validators.Add(result =>
        {
            if (result.GetValue(follow) && result.GetValue(file) == "-")
            {
                result.AddError("--follow needs a FILE; standard input is read until it ends");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(file);
        using var lines = InputFile.Open(path);
        using var log = new StdioLog(await stdio.ReadKeyAsync(arguments, cancellation).ConfigureAwait(false));
        var printer = new StdioPrinter(terminal.Json);
        if (arguments.GetValue(follow))
        {
            await FollowAsync(path, log, printer, cancellation).ConfigureAwait(false);
        }
        else
        {
            await StdioParts.ReadAllAsync(lines, part => printer.Read(log, part), cancellation).ConfigureAwait(false);
        }
        printer.Finish(log);
        return printer.Problems == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    private static async Task FollowAsync(string path, StdioLog log, StdioPrinter printer, CancellationToken cancellation)
    {
        using var growing = new GrowingLog(path);
        var isAny = false;
        while (true)
        {
            var count = growing.Read(part => isAny |= printer.Read(log, part) is not null);
            if (count == 0 && isAny && log.Open.All(open => open.Stream == "in"))
            {
                return;
            }
            try
            {
                await Task.Delay(count == 0 ? Pause : TimeSpan.Zero, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ctrl+C ends it like the end of a file.
                return;
            }
        }
    }
}
