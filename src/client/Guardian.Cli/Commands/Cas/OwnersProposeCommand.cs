using System.CommandLine;
using System.Text.Json;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas owners propose</c>.</summary>
internal sealed class OwnersProposeCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument();
    private readonly Option<string[]> owners = new("--owner")
    {
        Description = "The public key of a future owner, as 'guardian key show' prints it; repeatable. All other owners lose their part.",
        Required = true,
        HelpName = "PUBLIC-KEY",
    };
    private readonly Option<int> threshold = new("--threshold")
    {
        Description = "How many of the future owners recover the store together.",
        Required = true,
        HelpName = "COUNT",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write, for the present owners to sign.",
        Required = true,
        HelpName = "FILE",
    };
    private readonly WitnessOptions witness = new();
    private readonly Option<bool> none = new("--no-witness")
    {
        Description = "Have no witness any more. Without this and --witness, the present one stays.",
    };

    public OwnersProposeCommand() : base("propose", "Verify a CAS and write down a change of its owners.") =>
        AddSymbols([.. cas.All, owners, threshold, output, .. witness.All, none]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        using var client = cas.ConnectAnonymously(arguments);
        var present = await client.ReadOwnersAsync(cancellation).ConfigureAwait(false);
        var hash = present.Hash ?? throw CliReasons.NotOwned.Refuse("nobody owns this CAS yet");
        var change = new OwnersChange(
            hash, arguments.GetRequiredValue(owners), arguments.GetRequiredValue(threshold),
            arguments.GetValue(none) ? null : witness.Read(arguments) ?? present.Witness);
        OutputFile.Write(path, change.ToBytes());
        var result = new OwnersProposeResult(path, OwnersResult.Of(present), WitnessResult.Of(change.Witness));
        terminal.Show(result, CasResultsJson.Default.OwnersProposeResult, people => people.WriteLine(
            $"wrote {path}: {present.Threshold} of the present owners must agree, who are {string.Join(", ", present.Keys)}; "
            + $"future witness: {WitnessResult.Describe(result.Witness)}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas owners propose</c>.</summary>
/// <param name="File">The file that was written.</param>
/// <param name="Owners">The present owners.</param>
/// <param name="Witness">The future witness; null when there is none.</param>
internal sealed record OwnersProposeResult(string File, OwnersResult Owners, WitnessResult? Witness);
