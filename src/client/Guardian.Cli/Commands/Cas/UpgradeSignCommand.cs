using System.CommandLine;
using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas upgrade sign</c>.</summary>
internal sealed class UpgradeSignCommand : LocalCommand
{
    private readonly Argument<string> proposal = UpgradeProposal.CreateArgument();
    private readonly Option<string> key = CasOptions.CreateKey("Your key, as an owner.");
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to which the signature is added. Without it, the signature is printed.",
        HelpName = "FILE",
    };

    public UpgradeSignCommand() : base(
        "sign", "Sign an approval of code, after you have measured the code: it may then have everything that the CAS keeps.") =>
        AddSymbols(proposal, key, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (approval, bytes) = UpgradeProposal.Load(arguments.GetRequiredValue(proposal));
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        var signature = SessionSignature.Create(Convert.ToHexStringLower(SHA256.HashData(bytes)), identity, SignatureSubject.Upgrade);
        var path = arguments.GetValue(output);
        if (path is not null)
        {
            OutputFile.Append(path, $"{signature}\n");
        }
        terminal.Show(
            new UpgradeSignResult(approval.Identity, approval.MrEnclave, signature.Key, signature.Signature),
            CasResultsJson.Default.UpgradeSignResult,
            people => people.WriteLine(
                path is null ? $"{signature}" : $"signed: mrenclave {approval.MrEnclave} for the CAS {approval.Identity}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas upgrade sign</c>.</summary>
/// <param name="Identity">The CAS.</param>
/// <param name="MrEnclave">The approved code.</param>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record UpgradeSignResult(string Identity, string MrEnclave, string Key, string Signature);
