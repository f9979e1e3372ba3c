using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas upgrade propose</c>.</summary>
internal sealed class UpgradeProposeCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument();
    private readonly Option<string> code = new("--code")
    {
        Description = "MRENCLAVE of the new guardian-cas, as 'guardian enclave measure FOLDER' prints it; 64 hex digits.",
        Required = true,
        HelpName = "HEX",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write, for the owners to sign.",
        Required = true,
        HelpName = "FILE",
    };

    public UpgradeProposeCommand() : base("propose", "Verify a CAS and write down which code its owners approve.") =>
        AddSymbols([.. cas.All, code, output]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        var measurement = PolicyOptions.ParseMrEnclave(arguments.GetRequiredValue(code)).ToString();
        using var client = cas.ConnectAnonymously(arguments);
        var identity = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        var hash = identity.Owners.Hash ?? throw CliReasons.NotOwned.Refuse("nobody owns this CAS yet");
        OutputFile.Write(path, new UpgradeApproval(identity.Identity, hash, measurement).ToBytes());
        var result = new UpgradeProposeResult(path, identity.Identity, measurement, OwnersResult.Of(identity.Owners));
        terminal.Show(result, CasResultsJson.Default.UpgradeProposeResult, people => people.WriteLine(
            $"wrote {path}: {result.Owners.Threshold} of the owners must agree, who are {string.Join(", ", result.Owners.Keys)}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas upgrade propose</c>.</summary>
/// <param name="File">The file that was written.</param>
/// <param name="Identity">The CAS.</param>
/// <param name="MrEnclave">The code that the owners would approve.</param>
/// <param name="Owners">The present owners.</param>
internal sealed record UpgradeProposeResult(string File, string Identity, string MrEnclave, OwnersResult Owners);
