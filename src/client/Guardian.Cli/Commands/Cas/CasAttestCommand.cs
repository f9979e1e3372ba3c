using System.CommandLine;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Evidence;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas attest</c>.</summary>
internal sealed class CasAttestCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument();

    public CasAttestCommand() : base(
        "attest", "Verify the quote of a CAS against a policy before anything is sent, and show its owners.") => AddSymbols(cas.All);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        RaTlsPeer? verified = null;
        using var client = cas.ConnectAnonymously(arguments, (peer, _) => verified = peer);
        CasIdentity identity;
        try
        {
            identity = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        }
        catch (RefusedException refused) when (refused.Refusal.Reason == CasReasons.Recovering)
        {
            return await ShowRecoveringAsync(arguments, terminal, refused.Refusal, cancellation).ConfigureAwait(false);
        }
        var owners = OwnersResult.Of(identity.Owners);
        var (platform, report) = (verified!.Quote.Platform, verified.Quote.Report);
        var result = new CasAttestResult(
            Verified: true, Platforms.Name(platform), report.MrEnclave.ToString(), report.MrSigner.ToString(), report.IsvProdId,
            report.IsvSvn,
            report.Attributes.Flags.HasFlag(AttributeFlags.Debug), identity.Identity, identity.Origin, identity.Line, [.. identity.Code],
            owners, [.. identity.Former]);
        terminal.Show(result, CasResultsJson.Default.CasAttestResult, people => people.WriteFacts(
            ("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy"),
            ("platform", Platforms.Explain(platform)),
            ("mrenclave", result.MrEnclave),
            ("mrsigner", result.MrSigner),
            ("isvprodid, isvsvn", $"{result.IsvProdId}, {result.IsvSvn}"),
            ("identity", result.Identity),
            ("key", $"{result.Origin}, line {result.Line} of the log"),
            ("code", $"may have the key: {string.Join(", ", result.Code)}"),
            ("owners", owners.Keys.Count == 0
                ? "none: the first person who claims this CAS owns it, and until then it accepts nothing"
                : $"{owners.Threshold} of {string.Join(", ", owners.Keys)}"),
            ("hash of owners", owners.Hash ?? "none"),
            ("former owners", identity.Former.Count == 0
                ? "none who have shares of the present key"
                : $"with shares of the present key: {string.Join(", ", identity.Former)}"),
            ("witness", WitnessResult.Describe(owners.Witness))));
        return ExitCode.Done;
    }

    private async Task<int> ShowRecoveringAsync(
        ParseResult arguments, Terminal terminal, Refusal refusal, CancellationToken cancellation)
    {
        RaTlsPeer? verified = null;
        using var client = cas.ConnectAnonymously(
            arguments, (peer, _) => verified = peer, ExpectedEvidence.Exactly(EvidenceContext.CasStarting));
        var progress = await client.ReadProgressAsync(cancellation).ConfigureAwait(false);
        var owners = OwnersResult.Of(await client.ReadOwnersAsync(cancellation).ConfigureAwait(false));
        var (platform, report) = (verified!.Quote.Platform, verified.Quote.Report);
        var result = new CasRecoveringResult(
            Verified: true, Platforms.Name(platform), report.MrEnclave.ToString(), "recovering", progress.Given, progress.Threshold,
            owners);
        terminal.Show(result, CasResultsJson.Default.CasRecoveringResult, people => people.WriteFacts(
            ("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy"),
            ("platform", Platforms.Explain(platform)),
            ("mrenclave", result.MrEnclave),
            ("state", $"recovering: {progress.Given} of {progress.Threshold} shares"),
            ("owners", owners.ToString()),
            ("do", refusal.Reason.Remedy!)));
        return ExitCode.Of(refusal.Kind);
    }
}

/// <summary>The result of <c>cas attest</c> for a CAS in recovery. The exit code is not 0.</summary>
/// <param name="State"><c>recovering</c>.</param>
/// <param name="Given">Shares that the CAS has.</param>
/// <param name="Threshold">Shares that it needs.</param>
internal sealed record CasRecoveringResult(
    bool Verified, string Platform, string MrEnclave, string State, int Given, int Threshold, OwnersResult Owners);

/// <summary>The result of <c>cas attest</c>.</summary>
/// <param name="Identity">SHA-256 of the first line of the log.</param>
/// <param name="Origin">How the enclave came by the key of the store.</param>
/// <param name="Line">The line of the log that notes this.</param>
/// <param name="Code">MRENCLAVE of all code that may have the key.</param>
/// <param name="FormerOwners">Former owners with shares of the present key.</param>
internal sealed record CasAttestResult(
    bool Verified, string Platform, string MrEnclave, string MrSigner, ushort IsvProdId, ushort IsvSvn, bool Debug, string Identity,
    string Origin, long Line, IReadOnlyList<string> Code, OwnersResult Owners, IReadOnlyList<string> FormerOwners);
