using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Shards;

/// <summary>Matches data sets on the shards of a room, and adds their results up. Lists of tags are made in this enclave.</summary>
/// <param name="shards">The shards.</param>
/// <param name="versions">The version of each data set that takes part, by name: shards find them in shared storage.</param>
/// <param name="across">The condition on matched persons in addition to those of each side; null for none.</param>
/// <param name="createLocal">Makes the engine of this enclave for a range of groups; null for all groups.</param>
internal sealed class ShardedEngine(
    RoomShards shards, IReadOnlyDictionary<string, DataVersion> versions, AcrossCondition? across,
    Func<GroupRange?, MatchEngine> createLocal) : IMatchEngine
{
    /// <inheritdoc/>
    public long[] CountCells(IReadOnlyList<SidePlan> sides, int cells) =>
        [.. SumCells(sides, cells, new SumPlan([], [])).Select(cell => cell.Persons)];

    /// <inheritdoc/>
    public CellTotals[] SumCells(IReadOnlyList<SidePlan> sides, int cells, SumPlan plan)
    {
        var parts = shards.ComputeRanges(
            range => new ShardRequest(Describe(sides), across, cells, plan, IsSketch: false, range),
            reply => reply.Totals.Count == cells && reply.Totals.All(cell =>
                cell.Measures.Count == plan.Measures.Count && cell.Products.Count == plan.Products.Count),
            range => new ShardReply(createLocal(range).TotalCells(sides, cells, plan), []));
        return Join(cells, cell => parts.Select(part => part.Totals[cell]).Aggregate((left, right) => left + right));
    }

    /// <inheritdoc/>
    public SetSketch[] SketchCells(IReadOnlyList<SidePlan> sides, int cells, SketchLayout sketch, SketchKey key)
    {
        var parts = shards.ComputeRanges(
            range => new ShardRequest(Describe(sides), across, cells, new SumPlan([], []), IsSketch: true, range),
            reply => reply.Sketches.Count == cells && reply.Sketches.All(set => set.Words.Length == sketch.WordCount),
            range => new ShardReply([], createLocal(range).SketchCells(sides, cells, sketch, key)));
        return Join(cells, cell => parts.Select(part => part.Sketches[cell]).Aggregate((left, right) => left ^ right));
    }

    // Programs are compiled in this enclave alone.
    /// <inheritdoc/>
    public long[] SumContributions(IReadOnlyList<SidePlan> sides, IReadOnlyList<Measure> columns, IContributions contributions) =>
        createLocal(null).SumContributions(sides, columns, contributions);

    /// <inheritdoc/>
    public IReadOnlyList<Tag> ListTags(IReadOnlyList<SidePlan> sides) => createLocal(null).ListTags(sides);

    private static T[] Join<T>(int cells, Func<int, T> join) => [.. Enumerable.Range(0, cells).Select(join)];

    private List<ShardSide> Describe(IReadOnlyList<SidePlan> sides) =>
    [
        .. sides.Select(side =>
        {
            var (name, version) = (side.Source.DataSet.Name, versions[side.Source.DataSet.Name]);
            return new ShardSide(name, version.File ?? version.Version, version.Key, side.Where, side.Cells);
        }),
    ];
}
