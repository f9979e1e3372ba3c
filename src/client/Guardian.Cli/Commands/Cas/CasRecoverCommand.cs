using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Connection;
using Guardian.Attestation.Evidence;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas recover</c>.</summary>
internal sealed class CasRecoverCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument(
        "Your key, which decrypts your share.", ExpectedEvidence.Exactly(EvidenceContext.CasStarting));

    public CasRecoverCommand() : base("recover", "Verify a CAS that waits for its owners, and give it your share of its store's key.") =>
        AddSymbols(cas.All);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var identity = KeyFile.Load(arguments.GetRequiredValue(cas.Key!));
        return await cas.UseAsync(arguments, client => GiveAsync(client, identity, terminal, cancellation)).ConfigureAwait(false);
    }

    private static async Task<int> GiveAsync(CasClient client, IdentityKey identity, Terminal terminal, CancellationToken cancellation)
    {
        var description = await client.ReadRecoveryAsync(cancellation).ConfigureAwait(false);
        var share = description.Shares
            .Select(each => KeyShare.Decrypt(each, identity, description.Commitment) is { } opened ? new OpenedShare(each.X, opened) : null)
            .FirstOrDefault(each => each is not null)
            ?? throw CliReasons.NoShare.Refuse("none of the shares is yours");
        var progress = await client.SendShareAsync(share, cancellation).ConfigureAwait(false);
        terminal.Show(
            new CasRecoverResult(progress.Given, progress.Threshold, progress.IsDone), CasResultsJson.Default.CasRecoverResult,
            people => people.WriteLine(progress.IsDone
                ? "recovered: the CAS has a new key, and has sealed it; start it again"
                : $"given: {progress.Given} of {progress.Threshold} shares"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas recover</c>.</summary>
/// <param name="Given">Shares that the CAS has.</param>
/// <param name="Threshold">Shares that it needs.</param>
internal sealed record CasRecoverResult(int Given, int Threshold, bool Done);
