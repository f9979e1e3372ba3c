using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Matching.Shards;

/// <summary>Another enclave of the same room that computes on some of its groups. Thread-safe.</summary>
public interface IShard
{
    /// <summary>Where it is, for people.</summary>
    string Name { get; }

    /// <summary>Sends a request and waits for the reply, both for <see cref="RoomShard"/>.</summary>
    /// <exception cref="IOException">It is away, is not the room's enclave, or cannot do what was asked.</exception>
    byte[] Run(byte[] request);
}

/// <summary>One data set's part in a match, as it goes to a shard.</summary>
/// <param name="Digest">The version, as the lead enclave committed it.</param>
internal sealed record ShardSide(string DataSet, string Digest, int Rows, IReadOnlyList<CodeCondition> Where, IReadOnlyList<CellPart> Cells);

/// <summary>What a shard computes over a range of groups, for each cell: its totals, or the sketch of its persons.</summary>
internal sealed record ShardRequest(IReadOnlyList<ShardSide> Sides, AcrossCondition? Across, int Cells, SumPlan Sums, bool IsSketch, GroupRange Groups);

/// <summary>Exact totals, or words of sketches, over the range. They go from enclave to enclave only: the lead adds them up before any rule is applied.</summary>
internal sealed record ShardReply(IReadOnlyList<CellTotals> Totals, IReadOnlyList<ulong[]> Sketches);

/// <summary>Strict source-generated JSON between enclaves of one room.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, IncludeFields = true)]
[JsonSerializable(typeof(ShardRequest))]
[JsonSerializable(typeof(ShardReply))]
internal sealed partial class ShardJson : JsonSerializerContext;
