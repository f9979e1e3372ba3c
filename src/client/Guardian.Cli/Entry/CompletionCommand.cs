using System.CommandLine;
using Guardian.Cli.Commands;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Entry;

/// <summary><c>guardian completion</c>.</summary>
internal sealed class CompletionCommand : LocalCommand
{
    private readonly Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish." };

    public CompletionCommand() : base(
        "completion", "Print a script that completes commands and options, for: source <(guardian completion bash)")
    {
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        AddSymbols(shell);
    }

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var words = CompletionWords.Of(arguments.RootCommandResult.Command);
        terminal.Print(arguments.GetRequiredValue(shell) switch
        {
            "bash" => CompletionScripts.WriteBash(words),
            "zsh" => CompletionScripts.WriteZsh(words),
            _ => CompletionScripts.WriteFish(words),
        });
        return ExitCode.Done;
    }
}
