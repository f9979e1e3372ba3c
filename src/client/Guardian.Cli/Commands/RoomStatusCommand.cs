using System.CommandLine;
using System.Text.Json;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room status</c>: what a member sees of a running room.</summary>
internal static class RoomStatusCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var command = new Command("status", "Verify a running room and show which data it has.");
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var description = await client.DescribeAsync(cancellation).ConfigureAwait(false);
            terminal.Show(
                JsonSerializer.SerializeToNode(description, RoomJson.Default.RoomDescription)!.AsObject(),
                people =>
                {
                    var facts = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn()
                        .AddRow("room", $"{description.Room}, contract {file.Hash}")
                        .AddRow("verified", "quote to its root, code and contract")
                        .AddRow("platform", description.Platform)
                        .AddRow("you are", description.Member);
                    foreach (var dataSet in description.DataSets)
                    {
                        facts.AddRow(dataSet.Name, dataSet.Version is { } version ? $"version {version[..16]}… of {dataSet.Owner}" : $"nothing yet from {dataSet.Owner}");
                    }
                    if (description.Epc is { } epc)
                    {
                        facts.AddRow("epc pages", $"total {epc.Total}, free {epc.Free}, low {epc.Low}, high {epc.High}, marked old {epc.MarkedOld}, evicted {epc.Evicted}, allocated {epc.Allocated}");
                    }
                    people.Write(facts);
                });
            return ExitCode.Done;
        }));
        return command;
    }
}
