using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Quoting;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian guest check</c>.</summary>
internal sealed class GuestCheckCommand : LocalCommand
{
    private readonly CapturedRoot root = new("machine");
    private readonly Option<QuotingAddress?> service = new("--quoting-service")
    {
        Description = "Also get one quote from this service and verify it: vsock:2:4050 is the host's, unix:PATH a socket of this machine.",
        CustomParser = ParseAddress,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> machine = new("--machine")
    {
        Description = "The folder of the simulated machine that the quote is for. Without it, this user's.",
        HelpName = "DIR",
    };

    public GuestCheckCommand() : base("check", "Check everything that this machine needs to run enclaves.") =>
        AddSymbols(root.Folder, service, machine);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var report = GuestCheck.Run(root.Open(arguments));
        if (arguments.GetValue(service) is { } address)
        {
            var finding = QuotingCheck.Run(address, arguments.GetValue(machine) ?? UserFolders.Machine);
            report = new CheckReport([.. report.Findings, finding]);
        }
        return CheckResult.Show(terminal, report, "this machine can run enclaves", "this machine cannot run enclaves yet");
    }

    private static QuotingAddress? ParseAddress(ArgumentResult result)
    {
        if (result.Tokens.Count == 1 && QuotingAddress.TryParse(result.Tokens[0].Value) is { } read)
        {
            return read;
        }
        result.AddError("--quoting-service takes vsock:CID:PORT or unix:PATH");
        return null;
    }
}
