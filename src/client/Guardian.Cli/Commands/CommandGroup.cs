using System.CommandLine;
using System.CommandLine.Help;

namespace Guardian.Cli.Commands;

/// <summary>A word with commands below it. Alone it shows its help.</summary>
internal sealed class CommandGroup : Command
{
    public CommandGroup(string name, string description, params IEnumerable<Command> commands) : base(name, description)
    {
        foreach (var command in commands)
        {
            Subcommands.Add(command);
        }
        SetAction(arguments => new HelpAction().Invoke(arguments));
    }
}
