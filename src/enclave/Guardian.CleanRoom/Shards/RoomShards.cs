using System.Text.Json;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Shards;

/// <summary>
/// The shards of a room, as its lead enclave uses them: each computes on a range of groups. A computation uses the shards that there are
/// when it begins. If one of them fails, another one gets its range, and finally the lead enclave itself. A shard that kept the room
/// waiting is left out for a while. Thread-safe.
/// </summary>
/// <param name="layout">The room's groups.</param>
/// <param name="find">Finds the shards that there are now.</param>
/// <param name="time">The clock.</param>
internal sealed class RoomShards(RoomLayout layout, Func<IReadOnlyList<IShard>> find, TimeProvider time)
{
    // A handshake creates and verifies quotes, on machines that may be busy; then any processor computes so many rows of a cell a second.
    // A shard that takes longer has lost its machine. A member waits 100 seconds for an answer.
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(10);
    private const int RowsPerSecond = 100_000;

    // A refused connection costs nothing and may be tried at once.
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

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
            var asked = request(ranges[index]);
            var (bytes, patience) = (JsonSerializer.SerializeToUtf8Bytes(asked, ShardJson.Default.ShardRequest), PatienceFor(asked));
            for (var attempt = 0; attempt < shards.Count && parts[index] is null; attempt++)
            {
                var (shard, work) = shards[(index + attempt) % shards.Count];
                parts[index] = TryRun(shard, work, bytes, patience, fits);
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

    private TimeSpan PatienceFor(ShardRequest request)
    {
        var rows = (long)(request.Groups.End - request.Groups.First) * RoomLayout.BucketsPerGroup
            * request.Sides.Sum(side => layout.Capacities[side.DataSet]);
        var needed = LeastPatience + TimeSpan.FromSeconds((double)rows * request.Cells / RowsPerSecond);
        return needed < MostPatience ? needed : MostPatience;
    }

    private ShardReply? TryRun(IShard shard, ShardWork work, byte[] request, TimeSpan patience, Func<ShardReply, bool> fits)
    {
        var began = time.GetTimestamp();
        if (work.RestsAt(began))
        {
            return null;
        }
        try
        {
            var reply = JsonSerializer.Deserialize(shard.Run(request, patience), ShardJson.Default.ShardReply);
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
        if (time.GetElapsedTime(began) > Noticeable)
        {
            work.RestUntil(time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));
        }
        return null;
    }

    private sealed class ShardWork
    {
        private long computed;
        private long failed;
        private long restsUntil = long.MinValue;

        public long Computed => Interlocked.Read(ref computed);

        public long Failed => Interlocked.Read(ref failed);

        public void CountComputed() => Interlocked.Increment(ref computed);

        public void CountFailed() => Interlocked.Increment(ref failed);

        public bool RestsAt(long timestamp) => timestamp < Interlocked.Read(ref restsUntil);

        public void RestUntil(long timestamp) => Interlocked.Exchange(ref restsUntil, timestamp);
    }
}
