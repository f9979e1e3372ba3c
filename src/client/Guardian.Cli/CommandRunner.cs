using System.CommandLine;
using Guardian.Refusals;

namespace Guardian.Cli;

/// <summary>Joins a command to its work: gives it the terminal and turns what it throws into message and exit code, once for all.</summary>
internal static class CommandRunner
{
    /// <summary>Makes every command print JSON instead of text.</summary>
    public static Option<bool> JsonOption { get; } = new("--json")
    {
        Description = "Print one line of JSON instead of text.",
        Recursive = true,
    };

    public static void Runs(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> work) =>
        command.SetAction(async (arguments, cancellation) =>
        {
            var terminal = new Terminal(arguments.GetValue(JsonOption), Console.Out, Console.Error);
            try
            {
                return await work(arguments, terminal, cancellation).ConfigureAwait(false);
            }
            catch (CliException failure)
            {
                terminal.Fail(failure);
                return failure.ExitCode;
            }
            catch (Exception failure) when (Translate(failure) is { } known)
            {
                terminal.Fail(known);
                return known.ExitCode;
            }
        });

    /// <summary>A command whose work needs no waiting.</summary>
    public static void Runs(this Command command, Func<ParseResult, Terminal, int> work) =>
        command.Runs((arguments, terminal, _) => Task.FromResult(work(arguments, terminal)));

    private static CliException? Translate(Exception failure) => failure switch
    {
        RefusedException { Refusal: var refusal } => new CliException(ExitOf(refusal.Kind), refusal.Code, refusal.Detail, refusal.Problems, refusal.Remedy),
        OperationCanceledException => new CliException(ExitCode.World, "interrupted", "interrupted"),
        InvalidDataException data => new CliException(ExitCode.Usage, "bad-file", data.Message),
        IOException or UnauthorizedAccessException => new CliException(ExitCode.World, "io", failure.Message),
        _ => null,
    };

    private static int ExitOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => ExitCode.Usage,
        RefusalKind.Damaged or RefusalKind.Unavailable => ExitCode.World,
        _ => ExitCode.Refused,
    };
}
