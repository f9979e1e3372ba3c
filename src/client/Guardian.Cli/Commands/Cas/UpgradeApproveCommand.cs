using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas upgrade approve</c>.</summary>
internal sealed class UpgradeApproveCommand() : OwnersDecisionCommand(
    "approve", "Let a CAS give its store's key to the approved code, which then joins it.", UpgradeProposal.CreateArgument(),
    "guardian cas upgrade sign")
{
    protected override async Task SendAsync(
        CasClient client, string path, IReadOnlyList<SessionSignature> given, Terminal terminal, CancellationToken cancellation)
    {
        var (approval, bytes) = UpgradeProposal.Load(path);
        var identity = await client.ApproveUpgradeAsync(bytes, given, cancellation).ConfigureAwait(false);
        terminal.Show(
            new UpgradeApproveResult(identity.Identity, [.. identity.Code]), CasResultsJson.Default.UpgradeApproveResult,
            people => people.WriteLine($"approved: {approval.MrEnclave}; start it with --join"));
    }
}

/// <summary>The result of <c>cas upgrade approve</c>.</summary>
/// <param name="Identity">The CAS.</param>
/// <param name="Code">MRENCLAVE of all code that may have the key.</param>
internal sealed record UpgradeApproveResult(string Identity, IReadOnlyList<string> Code);
