using System.CommandLine;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian attach</c>.</summary>
internal sealed class AttachCommand : CliCommand
{
    private readonly StdioOptions stdio = new();
    private readonly Argument<string[]> words = new("COMMAND")
    {
        Description = "After --: the command whose streams are the program's, such as: guardian run …, or docker attach …",
        Arity = ArgumentArity.OneOrMore,
    };

    public AttachCommand() : base("attach", "Talk to a program whose streams are encrypted.") =>
        AddSymbols([stdio.Service, .. stdio.Others, words]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var key = await stdio.ReadKeyAsync(arguments, cancellation).ConfigureAwait(false);
        return await new AttachedProcess(key, terminal.Json).RunAsync(arguments.GetRequiredValue(words), cancellation)
            .ConfigureAwait(false);
    }
}
