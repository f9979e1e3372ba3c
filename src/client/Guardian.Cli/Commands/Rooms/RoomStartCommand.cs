using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room start</c>.</summary>
internal sealed class RoomStartCommand : CliCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The signed contract, room.yaml." };
    private readonly Option<CasTarget?> cas = CasOptions.CreateAddressOption();
    private readonly HostOptions host = new("room");

    public RoomStartCommand() : base("start", "Run the room in its enclave until you end it.") => AddSymbols([contract, cas, .. host.All]);

    /// <inheritdoc/>
    public override TimeSpan EndingLimit => HostOptions.EndingLimit;

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        file.RequireSigned();
        var target = CasOptions.ReadTarget(arguments, cas);
        if (target.Trusted is { } trusted)
        {
            // The enclave trusts the CAS of the contract, and only that. The name is the belief of the person who starts it.
            using var client = new CasClient(
                target.Address, file.Contract.Cas.Policy, null, TimeProvider.System, CliVerifier.Default, pins: trusted.Pins);
            await client.CheckAsync(cancellation).ConfigureAwait(false);
        }
        return await host.RunAsync(
            InstalledProgram.Enclave, arguments, ["--contract", file.Path, "--cas", target.Address.ToString()], terminal,
            cancellation).ConfigureAwait(false);
    }
}
