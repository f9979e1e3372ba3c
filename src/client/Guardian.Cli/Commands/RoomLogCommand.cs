using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room log</c>: everything that happened in a room, with its hash chain checked.</summary>
internal static class RoomLogCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var command = new Command("log", "Read the room's log and check its hash chain.");
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (_, client) =>
        {
            var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
            var problem = LogChain.FindProblem(log.Entries);
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = problem is null,
                    ["problem"] = problem,
                    ["entries"] = new JsonArray([.. log.Entries.Select(entry => (JsonNode)new JsonObject
                    {
                        ["sequence"] = entry.Sequence,
                        ["instant"] = entry.Instant.ToString("O", CultureInfo.InvariantCulture),
                        ["member"] = entry.Member,
                        ["event"] = entry.Event,
                        ["detail"] = JsonNode.Parse(entry.Detail),
                        ["previousHash"] = entry.PreviousHash,
                        ["hash"] = entry.Hash,
                    })]),
                },
                people =>
                {
                    var table = new Table().Border(TableBorder.Rounded).AddColumns("#", "when", "who", "what", "detail", "hash");
                    foreach (var entry in log.Entries)
                    {
                        table.AddRow(new Text(entry.Sequence.ToString(CultureInfo.InvariantCulture)), new Text($"{entry.Instant:u}"), new Text(entry.Member), new Text(entry.Event), new Text(entry.Detail), new Text(entry.Hash[..12]));
                    }
                    people.Write(table);
                    people.WriteLine(problem ?? $"hash chain verified over {log.Entries.Count} entries");
                });
            return problem is null ? ExitCode.Done : ExitCode.Refused;
        }));
        return command;
    }
}
