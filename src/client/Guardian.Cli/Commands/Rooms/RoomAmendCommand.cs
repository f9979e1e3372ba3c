using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room amend</c>.</summary>
internal sealed partial class RoomAmendCommand : LocalCommand
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
        file.RequireSigned();
        var path = arguments.GetRequiredValue(output);
        var previous = RoomFile.PreviousPath(path);
        OutputFile.RequireNew(path, previous);
        var version = string.Create(
            CultureInfo.InvariantCulture, $"version: {file.Contract.Version + 1}\nprevious: {file.Hash}\nguard: reset");
        var text = PreviousLine().Replace(Encoding.UTF8.GetString(file.Bytes), "");
        OutputFile.Write(path, VersionLine().Replace(text, version, 1));
        OutputFile.Write(previous, file.Bytes);
        var voters = file.Contract.Amendment == VoteRule.All ? "all members" : "a majority of the members";
        terminal.Show(
            new RoomAmendResult(path, file.Contract.Version + 1, file.Hash), RoomsJson.Default.RoomAmendResult,
            people =>
            {
                people.WriteLine($"{path} is written, and the contract that it succeeds beside it as {previous}");
                people.WriteLine(
                    $"edit it, then all its members sign, and {voters} of the old contract: guardian room sign {path} --member NAME --key "
                    + "FILE");
            });
        return ExitCode.Done;
    }

    [GeneratedRegex("^version:.*$", RegexOptions.Multiline)]
    private static partial Regex VersionLine();

    // 'guard: reset' is in every later contract; a budget that was reset once is not reset again.
    [GeneratedRegex("^(previous|guard):.*\n|^ +budget: +reset *\n", RegexOptions.Multiline)]
    private static partial Regex PreviousLine();
}

/// <summary>The result of <c>room amend</c>.</summary>
/// <param name="Previous">The hash of the contract that it succeeds.</param>
internal sealed record RoomAmendResult(string File, int Version, string Previous);
