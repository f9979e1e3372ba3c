using System.CommandLine;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas copy-key</c>.</summary>
internal sealed class CasCopyKeyCommand : CliCommand
{
    private readonly Argument<CasTarget?> address = CasOptions.CreateAddressArgument();
    private readonly HostOptions host = new("cas");

    public CasCopyKeyCommand() : base(
        "copy-key",
        "Let a CAS give its store's key to the enclave on this machine, which can then open copies of the database: a backup.") =>
        AddSymbols([address, .. host.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) => host.RunAsync(
        InstalledProgram.Cas, arguments, ["--mode", "key-only", "--join", CasOptions.ReadTarget(arguments, address).Address.ToString()],
        terminal, cancellation);
}
