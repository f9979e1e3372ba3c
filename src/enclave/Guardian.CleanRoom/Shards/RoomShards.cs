using System.Text.Json;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Shards;

/// <summary>
/// The shards of a room, as its lead enclave uses them: each computes on a range of groups. If a shard fails, another one gets its range,
/// and finally the lead enclave itself. A replacement is used again as soon as it answers. Thread-safe.
/// </summary>
internal sealed class RoomShards(RoomLayout layout, IReadOnlyList<IShard> shards)
{
    private readonly long[] computed = new long[shards.Count];
    private readonly long[] failed = new long[shards.Count];

    /// <summary>The work of each shard so far.</summary>
    public IReadOnlyList<ShardState> States => [.. shards.Select((shard, index) => new ShardState(
        shard.Name, Interlocked.Read(ref computed[index]), Interlocked.Read(ref failed[index])))];

    /// <summary>Computes on all groups of the room.</summary>
    /// <param name="request">Makes the request for a range.</param>
    /// <param name="fits">Checks the shape of a reply.</param>
    /// <param name="local">Computes a range in this enclave.</param>
    /// <returns>The replies for consecutive ranges.</returns>
    public IReadOnlyList<ShardReply> ComputeRanges(
        Func<GroupRange, ShardRequest> request, Func<ShardReply, bool> fits, Func<GroupRange, ShardReply> local)
    {
        var ranges = new GroupRange(0, layout.GroupCount).Split(shards.Count);
        var parts = new ShardReply?[ranges.Count];
        // Most of the time is waiting for shards, so each range has a thread.
        Parallel.For(0, ranges.Count, new ParallelOptions { MaxDegreeOfParallelism = ranges.Count }, index =>
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(request(ranges[index]), ShardJson.Default.ShardRequest);
            for (var attempt = 0; attempt < shards.Count && parts[index] is null; attempt++)
            {
                parts[index] = TryRun((index + attempt) % shards.Count, bytes, fits);
            }
        });
        // Outside the loop, because a local computation uses all threads of this enclave.
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
            // The shard is lost, or was replaced by something else: the next one gets the range.
        }
        Interlocked.Increment(ref failed[shard]);
        return null;
    }
}
