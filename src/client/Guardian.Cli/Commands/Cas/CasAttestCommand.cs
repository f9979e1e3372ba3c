using System.CommandLine;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
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
        var owners = OwnersResult.Of(await client.ReadOwnersAsync(cancellation).ConfigureAwait(false));
        var (platform, report) = (verified!.Quote.Platform, verified.Quote.Report);
        var result = new CasAttestResult(
            Verified: true, Platforms.Name(platform), report.MrEnclave.ToString(), report.MrSigner.ToString(), report.IsvProdId,
            report.IsvSvn,
            report.Attributes.Flags.HasFlag(AttributeFlags.Debug), owners);
        terminal.Show(result, CasResultsJson.Default.CasAttestResult, people => people.WriteFacts(
            ("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy"),
            ("platform", Platforms.Explain(platform)),
            ("mrenclave", result.MrEnclave),
            ("mrsigner", result.MrSigner),
            ("isvprodid, isvsvn", $"{result.IsvProdId}, {result.IsvSvn}"),
            ("owners", owners.Keys.Count == 0
                ? "none: the first person who claims this CAS owns it, and its store cannot be recovered"
                : $"{owners.Threshold} of {string.Join(", ", owners.Keys)}"),
            ("witness", WitnessResult.Describe(owners.Witness))));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas attest</c>.</summary>
internal sealed record CasAttestResult(
    bool Verified, string Platform, string MrEnclave, string MrSigner, ushort IsvProdId, ushort IsvSvn, bool Debug, OwnersResult Owners);
