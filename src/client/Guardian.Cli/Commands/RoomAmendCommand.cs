using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room amend</c>: begins the contract that succeeds another, to change rules, or for members to join and leave.</summary>
internal static partial class RoomAmendCommand
{
    public static Command Create()
    {
        var contract = new Argument<string>("CONTRACT") { Description = "The contract that holds now, room.yaml." };
        var output = new Option<string>("--output") { Description = "The file to write.", DefaultValueFactory = _ => "room-next.yaml", HelpName = "FILE" };
        var command = new Command("amend", "Begin a contract that succeeds another: edit it, then its members sign, and those of the old one vote by signing.") { contract, output };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            file.RequireSigned();
            var path = arguments.GetRequiredValue(output);
            if (File.Exists(path))
            {
                throw new CliException(ExitCode.Usage, "exists", $"{path} is already there", hint: "name another file with --output");
            }
            var version = string.Create(CultureInfo.InvariantCulture, $"version: {file.Contract.Version + 1}\nprevious: {file.Hash}");
            var text = PreviousLine().Replace(System.Text.Encoding.UTF8.GetString(file.Bytes), "");
            File.WriteAllText(path, VersionLine().Replace(text, version, 1));
            File.WriteAllBytes($"{path}.previous", file.Bytes);
            terminal.Show(
                new JsonObject { ["file"] = path, ["version"] = file.Contract.Version + 1, ["previous"] = file.Hash },
                people => people.WriteLine(
                    $"{path} is written; what it succeeds lies beside it as {path}.previous\nedit it, then all its members sign, and {(file.Contract.Amendment == Guardian.CleanRoom.Contract.VoteRule.All ? "all members" : "a majority of the members")} of the old contract: guardian room sign {path} --member NAME --key FILE"));
            return ExitCode.Done;
        });
        return command;
    }

    [GeneratedRegex(@"^version:.*$", RegexOptions.Multiline)]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"^previous:.*\n", RegexOptions.Multiline)]
    private static partial Regex PreviousLine();
}
