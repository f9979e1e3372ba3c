using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.ComputeHost.Machine;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary>The option that names the files of another machine.</summary>
internal sealed class CapturedRoot
{
    /// <param name="machine">The word for the machine.</param>
    public CapturedRoot(string machine) => Folder = new Option<string>("--root")
    {
        Description = $"Read files that were captured from another {machine} instead (docs/how-to/operate.md).",
        DefaultValueFactory = _ => "/",
        HelpName = "DIR",
    };

    public Option<string> Folder { get; }

    /// <summary>Opens the files.</summary>
    /// <exception cref="RefusedException">The folder does not exist.</exception>
    public HostRoot Open(ParseResult arguments)
    {
        var folder = arguments.GetRequiredValue(Folder);
        return Directory.Exists(folder) ? new HostRoot(folder) : throw CliReasons.Io.Refuse($"there is no folder {folder}");
    }
}
