using System.CommandLine;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room amend</c>.</summary>
internal sealed class RoomAmendCommand : LocalCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The contract in force, room.yaml." };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write.",
        DefaultValueFactory = _ => "room-next.yaml",
        HelpName = "FILE",
    };

    public RoomAmendCommand() : base(
        "amend", "Begin a contract that succeeds another: edit it, then its members sign, and those of the old one vote by signing.") =>
        AddSymbols(contract, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var path = arguments.GetRequiredValue(output);
        Succession.WriteNext(file, path);
        var voters = file.Contract.Amendment == VoteRule.All ? "all members" : "a majority of the members";
        terminal.Show(
            new RoomAmendResult(path, file.Contract.Version + 1, file.Hash), RoomsJson.Default.RoomAmendResult,
            people =>
            {
                people.WriteLine($"{path} is written, and the contract that it succeeds beside it as {RoomFile.PreviousPath(path)}");
                people.WriteLine(
                    $"edit it, then all its members sign, and {voters} of the old contract: guardian room sign {path} --member NAME --key "
                    + "FILE");
            });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room amend</c>.</summary>
/// <param name="Previous">The hash of the contract that it succeeds.</param>
internal sealed record RoomAmendResult(string File, int Version, string Previous);
