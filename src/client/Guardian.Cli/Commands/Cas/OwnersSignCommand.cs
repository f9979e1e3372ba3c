using System.CommandLine;
using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas owners sign</c>.</summary>
internal sealed class OwnersSignCommand : LocalCommand
{
    private readonly Argument<string> proposal = OwnersProposal.CreateArgument();
    private readonly Option<string> key = CasOptions.CreateKey("Your key, as an owner.");
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to which the signature is added. Without it, the signature is printed.",
        HelpName = "FILE",
    };

    public OwnersSignCommand() : base(
        "sign", "Sign a change of owners, after you have read who they will be: consent to exactly this change.") =>
        AddSymbols(proposal, key, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (change, bytes) = OwnersProposal.Load(arguments.GetRequiredValue(proposal));
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        var signature = SessionSignature.Create(Convert.ToHexStringLower(SHA256.HashData(bytes)), identity, SignatureSubject.Owners);
        var path = arguments.GetValue(output);
        if (path is not null)
        {
            OutputFile.Append(path, $"{signature}\n");
        }
        var witness = WitnessResult.Of(change.Witness);
        terminal.Show(
            new OwnersSignResult(change.Threshold, [.. change.Keys], witness, signature.Key, signature.Signature),
            CasResultsJson.Default.OwnersSignResult,
            people =>
            {
                if (path is null)
                {
                    people.WriteLine($"{signature}");
                    return;
                }
                people.WriteLine($"signed: {change.Threshold} of");
                foreach (var owner in change.Keys)
                {
                    people.WriteLine($"  {owner}");
                }
                people.WriteLine($"witness: {WitnessResult.Describe(witness)}");
            });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas owners sign</c>.</summary>
/// <param name="Threshold">How many of the future owners recover the store together.</param>
/// <param name="Owners">The future owners' public keys.</param>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record OwnersSignResult(int Threshold, IReadOnlyList<string> Owners, WitnessResult? Witness, string Key, string Signature);
