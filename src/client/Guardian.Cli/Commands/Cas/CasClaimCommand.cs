using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas claim</c>.</summary>
internal sealed class CasClaimCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, by which the CAS knows you.");
    private readonly Option<string[]> owners = new("--owner")
    {
        Description = "An owner's public key, as 'guardian key show' prints it; repeatable. Yours is one of them.",
        Required = true,
        HelpName = "PUBLIC-KEY",
    };
    private readonly Option<int> threshold = new("--threshold")
    {
        Description = "How many owners recover the store together.",
        Required = true,
        HelpName = "COUNT",
    };
    private readonly WitnessOptions witness = new();

    public CasClaimCommand() : base("claim", "Become the owners of a CAS that has none. Enough owners together can recover its store.") =>
        AddSymbols([.. cas.All, owners, threshold, .. witness.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var claim = new OwnersClaim(arguments.GetRequiredValue(owners), arguments.GetRequiredValue(threshold), witness.Read(arguments));
        var result = OwnersResult.Of(await client.ClaimAsync(claim, cancellation).ConfigureAwait(false));
        terminal.Show(result, CasResultsJson.Default.OwnersResult, people => people.WriteLine($"claimed: {result}"));
        return ExitCode.Done;
    });
}
