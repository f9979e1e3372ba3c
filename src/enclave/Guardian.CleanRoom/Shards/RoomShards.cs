using System.Text.Json;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Shards;

/// <summary>
/// The shards of a room, as its lead enclave uses them: each computes on a range of groups. A computation uses the shards that there are
/// when it begins. If one of them fails, another one gets its range, and finally the lead enclave itself. Thread-safe.
/// </summary>
/// <param name="layout">The room's groups.</param>
/// <param name="find">Finds the shards that there are now.</param>
internal sealed class RoomShards(RoomLayout layout, Func<IReadOnlyList<IShard>> find)
{
    private readonly Lock gate = new();
    private Dictionary<string, ShardWork> works = [];

    /// <summary>The work of each present shard so far.</summary>
    public IReadOnlyList<ShardState> States =>
        [.. Find().Select(each => new ShardState(each.Shard.Name, each.Work.Computed, each.Work.Failed))];

    /// <summary>Computes on all groups of the room.</summary>
    /// <param name="request">Makes the request for a range.</param>
    /// <param name="fits">Checks the shape of a reply.</param>
    /// <param name="local">Computes a range in this enclave.</param>
    /// <returns>The replies for consecutive ranges.</returns>
    public IReadOnlyList<ShardReply> ComputeRanges(
        Func<GroupRange, ShardRequest> request, Func<ShardReply, bool> fits, Func<GroupRange, ShardReply> local)
    {
        var shards = Find();
        var ranges = new GroupRange(0, layout.GroupCount).Split(Math.Max(1, shards.Count));
        var parts = new ShardReply?[ranges.Count];
        // Most of the time is waiting for shards, so each range has a thread.
        Parallel.For(0, ranges.Count, new ParallelOptions { MaxDegreeOfParallelism = ranges.Count }, index =>
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(request(ranges[index]), ShardJson.Default.ShardRequest);
            for (var attempt = 0; attempt < shards.Count && parts[index] is null; attempt++)
            {
                var (shard, work) = shards[(index + attempt) % shards.Count];
                parts[index] = TryRun(shard, work, bytes, fits);
            }
        });
        // Outside the loop, because a local computation uses all threads of this enclave.
        return [.. parts.Select((part, index) => part ?? local(ranges[index]))];
    }

    // The work of a shard is forgotten with its address.
    private IReadOnlyList<(IShard Shard, ShardWork Work)> Find()
    {
        var shards = find();
        lock (gate)
        {
            works = shards.Select(shard => shard.Name).Distinct()
                .ToDictionary(name => name, name => works.GetValueOrDefault(name) ?? new ShardWork());
            return [.. shards.Select(shard => (shard, works[shard.Name]))];
        }
    }

    private static ShardReply? TryRun(IShard shard, ShardWork work, byte[] request, Func<ShardReply, bool> fits)
    {
        try
        {
            var reply = JsonSerializer.Deserialize(shard.Run(request), ShardJson.Default.ShardReply);
            if (reply is not null && fits(reply))
            {
                work.CountComputed();
                return reply;
            }
        }
        catch (Exception failure) when (failure is IOException or JsonException or NotSupportedException)
        {
            // The shard is lost, or was replaced by something else: the next one gets the range.
        }
        work.CountFailed();
        return null;
    }

    private sealed class ShardWork
    {
        private long computed;
        private long failed;

        public long Computed => Interlocked.Read(ref computed);

        public long Failed => Interlocked.Read(ref failed);

        public void CountComputed() => Interlocked.Increment(ref computed);

        public void CountFailed() => Interlocked.Increment(ref failed);
    }
}
