using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands;

/// <summary>A command. What it throws becomes a message and an exit code here, once for all commands.</summary>
internal abstract class CliCommand : Command
{
    /// <param name="name">The last word that the user types for it.</param>
    /// <param name="description">One sentence for help texts.</param>
    protected CliCommand(string name, string description) : base(name, description) =>
        SetAction(async (arguments, cancellation) =>
        {
            var terminal = new Terminal(arguments.GetValue(JsonOption), Console.Out, Console.Error);
            try
            {
                return await RunAsync(arguments, terminal, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (FailureTranslation.ToRefusal(failure) is { } refusal)
            {
                terminal.Fail(refusal);
                return ExitCode.Of(refusal.Kind);
            }
        });

    /// <summary>Makes every command print JSON instead of text.</summary>
    public static Option<bool> JsonOption { get; } = new("--json")
    {
        Description = "Print one line of JSON instead of text.",
        Recursive = true,
    };

    /// <summary>How long the command may take to end after SIGINT or SIGTERM.</summary>
    public virtual TimeSpan EndingLimit => TimeSpan.FromSeconds(2);

    /// <summary>Whether its arguments may be options of another program.</summary>
    public virtual bool TakesForeignOptions => false;

    /// <summary>Does the work.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation);

    /// <summary>Adds arguments and options, in the order of the help text.</summary>
    protected void AddSymbols(params IEnumerable<Symbol> symbols)
    {
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                Arguments.Add(argument);
            }
            else
            {
                Options.Add((Option)symbol);
            }
        }
    }
}

/// <summary>A command whose work needs no waiting.</summary>
internal abstract class LocalCommand(string name, string description) : CliCommand(name, description)
{
    /// <inheritdoc/>
    protected sealed override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        Task.FromResult(Run(arguments, terminal));

    /// <summary>Does the work.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract int Run(ParseResult arguments, Terminal terminal);
}
