using System.Text.Json;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Matching.Shards;

/// <summary>
/// The shards of a room, as its lead enclave uses them: each computes on a range of groups, and the lead adds up. What a lost shard should have computed is given to
/// another, and at last computed here; a replacement is used again as soon as it answers. Thread-safe.
/// </summary>
internal sealed class RoomShards(RoomLayout layout, IReadOnlyList<IShard> shards)
{
    private readonly long[] computed = new long[shards.Count];
    private readonly long[] failed = new long[shards.Count];

    /// <summary>What each shard has done so far.</summary>
    public IReadOnlyList<ShardState> States =>
        [.. shards.Select((shard, index) => new ShardState(shard.Name, Interlocked.Read(ref computed[index]), Interlocked.Read(ref failed[index])))];

    /// <summary>Totals of all cells over all groups.</summary>
    /// <param name="local">Computes a range here.</param>
    public CellTotals[] Sum(IReadOnlyList<SidePlan> sides, AcrossCondition? across, int cells, SumPlan plan, Func<GroupRange, CellTotals[]> local)
    {
        var parts = Run(
            range => new ShardRequest(Describe(sides), across, cells, plan, IsSketch: false, range),
            reply => reply.Totals.Count == cells && reply.Totals.All(cell => cell.Measures.Count == plan.Measures.Count && cell.Products.Count == plan.Products.Count),
            range => new ShardReply(local(range), []));
        return [.. Enumerable.Range(0, cells).Select(cell => parts.Select(part => part.Totals[cell]).Aggregate((left, right) => left + right))];
    }

    /// <summary>Sketches of the persons of all cells over all groups.</summary>
    /// <param name="local">Makes the sketches of a range here.</param>
    public SetSketch[] Sketch(IReadOnlyList<SidePlan> sides, AcrossCondition? across, int cells, SketchLayout sketch, Func<GroupRange, SetSketch[]> local)
    {
        var parts = Run(
            range => new ShardRequest(Describe(sides), across, cells, new SumPlan([], []), IsSketch: true, range),
            reply => reply.Sketches.Count == cells && reply.Sketches.All(words => words.Length == sketch.WordCount),
            range => new ShardReply([], [.. local(range).Select(set => set.Words)]));
        return [.. Enumerable.Range(0, cells).Select(cell => parts.Select(part => new SetSketch(part.Sketches[cell])).Aggregate((left, right) => left ^ right))];
    }

    private List<ShardReply> Run(Func<GroupRange, ShardRequest> request, Func<ShardReply, bool> fits, Func<GroupRange, ShardReply> local)
    {
        var ranges = new GroupRange(0, layout.GroupCount).Split(shards.Count);
        var parts = new ShardReply?[ranges.Count];
        // A shard is mostly waited for, so each range has a thread of its own.
        Parallel.For(0, ranges.Count, new ParallelOptions { MaxDegreeOfParallelism = ranges.Count }, index =>
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(request(ranges[index]), ShardJson.Default.ShardRequest);
            for (var attempt = 0; attempt < shards.Count && parts[index] is null; attempt++)
            {
                parts[index] = TryRun((index + attempt) % shards.Count, bytes, fits);
            }
        });
        // Not within the loop: what runs here uses all threads of this enclave.
        return [.. parts.Select((part, index) => part ?? local(ranges[index]))];
    }

    private ShardReply? TryRun(int shard, byte[] request, Func<ShardReply, bool> fits)
    {
        try
        {
            var reply = JsonSerializer.Deserialize(shards[shard].Run(request), ShardJson.Default.ShardReply);
            if (reply is not null && fits(reply))
            {
                Interlocked.Increment(ref computed[shard]);
                return reply;
            }
        }
        catch (Exception failure) when (failure is IOException or JsonException or NotSupportedException)
        {
            // Lost, or replaced by something else: the next one takes the range.
        }
        Interlocked.Increment(ref failed[shard]);
        return null;
    }

    private static List<ShardSide> Describe(IReadOnlyList<SidePlan> sides) =>
    [
        .. sides.Select(side =>
        {
            var manifest = ((StoredVersion)side.Source).Manifest;
            return new ShardSide(manifest.DataSet, manifest.Digest, manifest.Rows, side.Where, side.Cells);
        }),
    ];
}
