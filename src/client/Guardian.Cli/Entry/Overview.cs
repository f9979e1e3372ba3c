using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Entry;

/// <summary>Some commands under a heading.</summary>
internal sealed record OverviewSection(string Title, IReadOnlyList<Command> Commands);

/// <summary>The help of <c>guardian</c> itself: all commands, grouped. Other commands keep the usual help.</summary>
internal sealed class Overview(RootCommand root, IReadOnlyList<OverviewSection> sections) : SynchronousCommandLineAction
{
    /// <summary>Help is shown whatever else is missing.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult) =>
        parseResult.CommandResult.Command == root ? Show(parseResult) : new HelpAction().Invoke(parseResult);

    /// <summary>Shows all commands.</summary>
    /// <returns>The exit code.</returns>
    public int Show(ParseResult arguments)
    {
        var people = new Terminal(json: false, Console.Out, Console.Error).People;
        people.WriteLine(root.Description!);
        people.WriteLine();
        people.WriteLine("Usage: guardian COMMAND [options]");
        foreach (var section in sections)
        {
            people.WriteLine();
            people.WriteLine($"{section.Title}:");
            people.WriteFacts(section.Commands.Select(command => ($"  {command.Name,-10}", command.Description!)));
        }
        people.WriteLine();
        people.WriteLine("Every command has --help, and --json for programs. The tutorials are in docs/tutorials.");
        return ExitCode.Done;
    }
}
