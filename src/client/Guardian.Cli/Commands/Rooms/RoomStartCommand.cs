using System.CommandLine;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room start</c>.</summary>
internal sealed class RoomStartCommand : CliCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The signed contract, room.yaml." };
    private readonly Option<Uri> cas = CasOptions.CreateAddressOption();
    private readonly HostOptions host = new("room");

    public RoomStartCommand() : base("start", "Run the room in its enclave until you end it.") => AddSymbols([contract, cas, .. host.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        file.RequireSigned();
        return host.RunAsync(
            InstalledProgram.Enclave, arguments, ["--contract", file.Path, "--cas", arguments.GetRequiredValue(cas).ToString()], terminal,
            cancellation);
    }
}
