using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room log</c>.</summary>
internal sealed class RoomLogCommand() : RoomCommand("log", "Read the room's log and check its hash chain.")
{
    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        var handOver = file.ReadHandOver();
        var problem = file.FindLogProblem(log.Entries);
        var result = new RoomLogResult(problem is null, problem, [.. log.Entries.Select(entry => new LogEntryResult(
            entry.Sequence, entry.Instant.ToString("O", CultureInfo.InvariantCulture), entry.Member, entry.Event,
            JsonNode.Parse(entry.Detail),
            entry.PreviousHash, entry.Hash))]);
        terminal.Show(result, RoomsJson.Default.RoomLogResult, people =>
        {
            var table = new TextTable().AddTextColumns("#", "when", "who", "what", "detail", "hash");
            foreach (var entry in log.Entries)
            {
                table.AddRow(
                    entry.Sequence.ToString(CultureInfo.InvariantCulture), entry.Instant.ToString("u", CultureInfo.InvariantCulture),
                    entry.Member, entry.Event,
                    entry.Detail.TrimEnd(), entry.Hash[..12]);
            }
            people.WriteTable(table);
            people.WriteLine(problem ?? $"hash chain verified over {Format.Count(log.Entries.Count, "entry", "entries")}");
            if (handOver is not null && problem is null)
            {
                people.WriteLine($"it continues the log of version {file.Contract.Version - 1}, which that room signed: {handOver.Entries} "
                    + $"entries, the last {handOver.LogHash[..12]}");
            }
            else if (file.Contract.Previous is not null && handOver is null)
            {
                people.WriteLine($"without {file.HandOverPath}, nothing shows that it continues the log of the room before");
            }
        });
        return result.Verified ? ExitCode.Done : ExitCode.Refused;
    }
}

/// <summary>The result of <c>room log</c>.</summary>
/// <param name="Problem">The first break of the hash chain; null when there is none.</param>
internal sealed record RoomLogResult(bool Verified, string? Problem, IReadOnlyList<LogEntryResult> Entries);

/// <summary>An entry of a room's log.</summary>
/// <param name="Detail">An object that each event defines; docs/spec/room.md lists them.</param>
internal sealed record LogEntryResult(
    long Sequence, string Instant, string Member, string Event, JsonNode? Detail, string PreviousHash, string Hash);
