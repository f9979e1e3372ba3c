using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas owners change</c>.</summary>
internal sealed class OwnersChangeCommand()
    : OwnersDecisionCommand("change", "Let a CAS change its owners.", OwnersProposal.CreateArgument(), "guardian cas owners sign")
{
    protected override async Task SendAsync(
        CasClient client, string path, IReadOnlyList<SessionSignature> given, Terminal terminal, CancellationToken cancellation)
    {
        var (_, bytes) = OwnersProposal.Load(path);
        var result = OwnersResult.Of(await client.ChangeOwnersAsync(bytes, given, cancellation).ConfigureAwait(false));
        terminal.Show(result, CasResultsJson.Default.OwnersResult, people => people.WriteLine($"changed: {result}"));
    }
}
