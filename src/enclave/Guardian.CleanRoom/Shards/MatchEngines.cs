using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Shards;

/// <summary>Chooses the engine of a room: its shards when it has any, else this enclave.</summary>
internal sealed class MatchEngines(RoomLayout layout, int threads, Func<IReadOnlyList<IShard>>? shards, TimeProvider time)
{
    private readonly RoomShards? sharded = shards is null ? null : new RoomShards(layout, shards, time);

    /// <summary>The work of each present shard so far; empty without shards.</summary>
    public IReadOnlyList<ShardState> States => sharded?.States ?? [];

    /// <summary>Makes the engine for a question.</summary>
    /// <param name="across">The condition on matched persons in addition to those of each side; null for none.</param>
    /// <param name="versions">The version of each data set that takes part, by name.</param>
    public IMatchEngine Create(AcrossCondition? across, IReadOnlyDictionary<string, DataVersion> versions)
    {
        MatchEngine CreateLocal(GroupRange? range) => new(layout, threads, range) { Across = across };
        return sharded is null ? CreateLocal(null) : new ShardedEngine(sharded, versions, across, CreateLocal);
    }
}
