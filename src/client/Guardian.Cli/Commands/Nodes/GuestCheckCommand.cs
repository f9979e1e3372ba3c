using System.CommandLine;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Checks;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian guest check</c>.</summary>
internal sealed class GuestCheckCommand : LocalCommand
{
    private readonly CapturedRoot root = new("machine");

    public GuestCheckCommand() : base("check", "Check everything that this machine needs to run enclaves.") => AddSymbols(root.Folder);

    protected override int Run(ParseResult arguments, Terminal terminal) => CheckResult.Show(
        terminal, GuestCheck.Run(root.Open(arguments)), "this machine can run enclaves", "this machine cannot run enclaves yet");
}
