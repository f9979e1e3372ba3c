using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas provisioning</c>.</summary>
internal sealed class CasProvisioningCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument();
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write, PEM.",
        Required = true,
        HelpName = "FILE",
    };

    public CasProvisioningCommand() : base(
        "provisioning", "Verify a CAS and write the certificate by which clients of Gramine's secret provisioning trust it.") =>
        AddSymbols([.. cas.All, output]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        using var client = cas.ConnectAnonymously(arguments);
        OutputFile.Write(path, await client.ReadProvisioningCertificateAsync(cancellation).ConfigureAwait(false) + "\n");
        terminal.Show(new FileResult(path), CasResultsJson.Default.FileResult, people => people.WriteLine($"wrote {path}"));
        return ExitCode.Done;
    }
}
