using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Rooms;

/// <summary>The arguments of every command that talks to a room, and the connection that they describe.</summary>
internal sealed class RoomOptions
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The signed contract, room.yaml." };
    private readonly Option<Uri> room = new("--room")
    {
        Description = "The room's address, https://host:port.",
        Required = true,
        CustomParser = Addresses.Parse,
        HelpName = "ADDRESS",
    };
    private readonly Option<string> key = new("--key") { Description = "Your key, as a member.", Required = true, HelpName = "FILE" };

    public IReadOnlyList<Symbol> All => [contract, room, key];

    /// <summary>Loads contract and key, connects, and works.</summary>
    /// <exception cref="RefusedException">The contract is not valid or not signed, or the key is no member's.</exception>
    public async Task<int> UseAsync(ParseResult arguments, Terminal terminal, Func<RoomFile, RoomClient, Task<int>> work)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        if (file.Contract.Members.All(member => member.PublicKey != identity.PublicKey))
        {
            var members = string.Join(", ", file.Contract.Members.Select(member => member.Name));
            throw CliReasons.NotAMember.Refuse(
                "this key is no member's", $"members are {members}; compare: guardian key show {arguments.GetRequiredValue(key)}");
        }
        using var certificate = identity.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        var isNoted = false;
        using var client = file.Connect(arguments.GetRequiredValue(room), certificate, (peer, _) =>
        {
            if (!isNoted && peer.Quote.Platform == PlatformKind.Simulated)
            {
                isNoted = true;
                terminal.Note("this room runs on a simulated platform: good for trying out, no protection");
            }
        });
        return await work(file, client).ConfigureAwait(false);
    }
}
