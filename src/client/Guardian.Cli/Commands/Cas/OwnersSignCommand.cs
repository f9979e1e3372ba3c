using System.CommandLine;
using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas owners sign</c>.</summary>
internal sealed class OwnersSignCommand : LocalCommand
{
    private readonly Argument<string> proposal = OwnersProposal.CreateArgument();
    private readonly SigningOptions signing = new("Your key, as an owner.");

    public OwnersSignCommand() : base(
        "sign", "Sign a change of owners, after you have read who they will be: consent to exactly this change.") =>
        AddSymbols([proposal, .. signing.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (change, bytes) = OwnersProposal.Load(arguments.GetRequiredValue(proposal));
        var (signature, isInFile) = signing.Sign(arguments, Convert.ToHexStringLower(SHA256.HashData(bytes)), SignatureSubject.Owners);
        var witness = WitnessResult.Of(change.Witness);
        terminal.Show(
            new OwnersSignResult(change.Threshold, [.. change.Keys], witness, signature.Key, signature.Signature),
            CasResultsJson.Default.OwnersSignResult,
            people =>
            {
                if (!isInFile)
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
