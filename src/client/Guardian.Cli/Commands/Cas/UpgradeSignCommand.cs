using System.CommandLine;
using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas upgrade sign</c>.</summary>
internal sealed class UpgradeSignCommand : LocalCommand
{
    private readonly Argument<string> proposal = UpgradeProposal.CreateArgument();
    private readonly SigningOptions signing = new("Your key, as an owner.");

    public UpgradeSignCommand() : base(
        "sign", "Sign an approval of code, after you have measured the code: it may then have everything that the CAS keeps.") =>
        AddSymbols([proposal, .. signing.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (approval, bytes) = UpgradeProposal.Load(arguments.GetRequiredValue(proposal));
        var (signature, isInFile) = signing.Sign(arguments, Convert.ToHexStringLower(SHA256.HashData(bytes)), SignatureSubject.Upgrade);
        terminal.Show(
            new UpgradeSignResult(approval.Identity, approval.MrEnclave, signature.Key, signature.Signature),
            CasResultsJson.Default.UpgradeSignResult,
            people => people.WriteLine(
                isInFile ? $"signed: mrenclave {approval.MrEnclave} for the CAS {approval.Identity}" : $"{signature}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas upgrade sign</c>.</summary>
/// <param name="Identity">The CAS.</param>
/// <param name="MrEnclave">The approved code.</param>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record UpgradeSignResult(string Identity, string MrEnclave, string Key, string Signature);
