using System.CommandLine;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room status</c>.</summary>
internal sealed class RoomStatusCommand() : RoomCommand("status", "Verify a running room and show which data it has.")
{
    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var description = await client.DescribeAsync(cancellation).ConfigureAwait(false);
        terminal.Show(description, RoomJson.Default.RoomDescription, people => people.WriteFacts([
            ("room", $"{description.Room}, contract {file.Hash}"),
            ("verified", "quote to its root, code and contract"),
            ("platform", description.Platform),
            ("you are", description.Member),
            .. description.DataSets.Select(dataSet => (dataSet.Name, dataSet.Version is { } version
                ? $"version {Format.Brief(version)} from {dataSet.Owner}"
                : $"nothing yet from {dataSet.Owner}")),
            .. description.Shards.Select(shard =>
                ("shard", $"{shard.Address}, computed {shard.RangesComputed} ranges, failed {shard.RangesFailed}")),
            .. description.Epc is { } epc ? [("epc pages", Describe(epc))] : Array.Empty<(string, string)>(),
        ]));
        return ExitCode.Done;
    }

    private static string Describe(EpcDescription epc) =>
        $"total {epc.Total}, free {epc.Free}, low {epc.Low}, high {epc.High}, marked old {epc.MarkedOld}, evicted {epc.Evicted}, "
        + $"allocated {epc.Allocated}";
}
