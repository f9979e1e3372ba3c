using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room use</c>.</summary>
internal sealed class RoomUseCommand : LocalCommand
{
    private readonly Argument<string> contract = RoomOptions.CreateContractArgument();
    private readonly Option<Uri> room = new("--room")
    {
        Description = "The room's address, https://host:port.",
        Required = true,
        CustomParser = Addresses.Parse,
        HelpName = "ADDRESS",
    };
    private readonly Option<string> key = new("--key") { Description = "Your key, as a member.", Required = true, HelpName = "FILE" };

    public RoomUseCommand() : base(
        "use", "Remember a room's address and your key, so that later commands with this contract need neither.") =>
        AddSymbols(contract, room, key);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var path = arguments.GetRequiredValue(key);
        using var identity = RoomOptions.LoadKey(file, path);
        var known = new KnownRoom(arguments.GetRequiredValue(room).GetLeftPart(UriPartial.Authority), Path.GetFullPath(path));
        known.Save(file.Hash);
        var member = file.Contract.Members.First(each => each.PublicKey == identity.PublicKey).Name;
        terminal.Show(
            new RoomUseResult(file.Hash, member, known.Room, known.Key), RoomsJson.Default.RoomUseResult,
            people => people.WriteLine($"commands with {file.Path} now talk to {known.Room} as {member}; the options win"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room use</c>.</summary>
/// <param name="Contract">The contract's hash.</param>
/// <param name="Member">The member whose key it is.</param>
/// <param name="Room">The room's address.</param>
/// <param name="Key">The path of the key.</param>
internal sealed record RoomUseResult(string Contract, string Member, string Room, string Key);
