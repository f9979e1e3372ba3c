using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas owners change</c>.</summary>
internal sealed class OwnersChangeCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, by which the CAS knows you.", mayDefault: false);
    private readonly Argument<string> proposal = OwnersProposal.CreateArgument();
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian cas owners sign'; repeatable. Your own key counts without one.",
        HelpName = "FILE",
    };

    public OwnersChangeCommand() : base("change", "Let a CAS change its owners.") => AddSymbols([.. cas.All, proposal, signatures]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var (_, bytes) = OwnersProposal.Load(arguments.GetRequiredValue(proposal));
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian cas owners sign");
        var result = OwnersResult.Of(await client.ChangeOwnersAsync(bytes, given, cancellation).ConfigureAwait(false));
        terminal.Show(result, CasResultsJson.Default.OwnersResult, people => people.WriteLine($"changed: {result}"));
        return ExitCode.Done;
    });
}
