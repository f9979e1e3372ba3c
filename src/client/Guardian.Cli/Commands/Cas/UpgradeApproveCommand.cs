using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas upgrade approve</c>.</summary>
internal sealed class UpgradeApproveCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, by which the CAS knows you.", mayDefault: false);
    private readonly Argument<string> proposal = UpgradeProposal.CreateArgument();
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian cas upgrade sign'; repeatable. Your own key counts without one.",
        HelpName = "FILE",
    };

    public UpgradeApproveCommand() : base("approve", "Let a CAS give its store's key to the approved code, which then joins it.") =>
        AddSymbols([.. cas.All, proposal, signatures]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var (approval, bytes) = UpgradeProposal.Load(arguments.GetRequiredValue(proposal));
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian cas upgrade sign");
        var identity = await client.ApproveUpgradeAsync(bytes, given, cancellation).ConfigureAwait(false);
        terminal.Show(
            new UpgradeApproveResult(identity.Identity, [.. identity.Code]), CasResultsJson.Default.UpgradeApproveResult,
            people => people.WriteLine($"approved: {approval.MrEnclave}; start it with --join"));
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>cas upgrade approve</c>.</summary>
/// <param name="Identity">The CAS.</param>
/// <param name="Code">MRENCLAVE of all code that may have the key.</param>
internal sealed record UpgradeApproveResult(string Identity, IReadOnlyList<string> Code);
