using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Shards;

/// <summary>Another enclave of the same room that computes on some of its groups. Thread-safe.</summary>
public interface IShard
{
    /// <summary>Its address, for people.</summary>
    string Name { get; }

    /// <summary>Sends a request for <see cref="RoomShard"/> and waits for the reply.</summary>
    /// <param name="request">The request.</param>
    /// <param name="patience">The longest wait for the reply.</param>
    /// <exception cref="IOException">The shard cannot be reached, is not the room's enclave, refuses the request, or did not reply in
    /// time.</exception>
    byte[] Run(byte[] request, TimeSpan patience);
}

/// <summary>The work of a shard, for members.</summary>
/// <param name="Address">Its address.</param>
/// <param name="RangesComputed">Ranges of groups that it computed since the lead enclave started.</param>
/// <param name="RangesFailed">Ranges that it did not compute, and that were computed elsewhere.</param>
public sealed record ShardState(string Address, long RangesComputed, long RangesFailed);

/// <summary>The part of one data set in a match, for a shard.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">Public name of the version, as the lead enclave committed it: the name of its file.</param>
/// <param name="Key">The key of its chunks, 32 bytes. It goes from enclave to enclave only.</param>
/// <param name="Where">The conditions on its rows.</param>
/// <param name="Cells">Its parts of the cell's number.</param>
internal sealed record ShardSide(
    string DataSet, string Version, byte[] Key, IReadOnlyList<CodeCondition> Where, IReadOnlyList<CellPart> Cells);

/// <summary>A computation over a range of groups: totals of each cell, or a sketch of its persons.</summary>
internal sealed record ShardRequest(
    IReadOnlyList<ShardSide> Sides, AcrossCondition? Across, int Cells, SumPlan Sums, bool IsSketch, GroupRange Groups);

/// <summary>
/// Exact totals, or words of sketches, over the range. They go from enclave to enclave only: the lead enclave adds them up before it
/// applies any rule.
/// </summary>
internal sealed record ShardReply(IReadOnlyList<CellTotals> Totals, IReadOnlyList<SetSketch> Sketches)
{
    /// <summary>Makes the widest reply to a request for totals: the size of a reply must not tell its figures.</summary>
    public static ShardReply WidestTotals(int cells, SumPlan sums)
    {
        var measure = new MeasureSums(long.MinValue, long.MinValue, Int128.MinValue);
        var product = new ProductSums(long.MinValue, long.MinValue, long.MinValue, Int128.MinValue);
        var totals = new CellTotals(
            long.MinValue, [.. Enumerable.Repeat(measure, sums.Measures.Count)], [.. Enumerable.Repeat(product, sums.Products.Count)]);
        return new ShardReply([.. Enumerable.Repeat(totals, cells)], []);
    }
}

/// <summary>Strict source-generated JSON between enclaves of one room.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, IncludeFields = true)]
[JsonSerializable(typeof(ShardRequest))]
[JsonSerializable(typeof(ShardReply))]
internal sealed partial class ShardJson : JsonSerializerContext;
