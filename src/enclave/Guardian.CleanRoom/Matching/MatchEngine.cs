using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Matching.Shards;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Matching;

/// <summary>Which instructions the engine computes with. The results are the same.</summary>
internal enum LaneWidth
{
    /// <summary>No vectors.</summary>
    Scalar,

    /// <summary>Vectors of 256 bits.</summary>
    Bits256,

    /// <summary>Vectors of 512 bits.</summary>
    Bits512,
}

/// <summary>
/// Matches 1 to 8 data sets bucket by bucket, and counts and sums over the persons who are in all of them and satisfy each one's predicate. Every group is read,
/// merged and scanned in the same way, whatever the data: time, addresses and branches follow from public sizes and the question alone.
/// </summary>
/// <param name="threads">Each takes some groups, and more when it is done.</param>
/// <param name="groups">The groups to look at; null for all of the room's.</param>
/// <remarks>
/// Memory: for each thread one group of each side and the merge buffers. In a data set no two persons of a bucket have words that agree in all bits above the payload
/// (ingest refuses anything else), so equal elements are of different sides.
/// </remarks>
internal sealed class MatchEngine(RoomLayout layout, int threads, GroupRange? groups = null, LaneWidth? width = null)
{
    /// <summary>The most data sets of one match.</summary>
    public const int MaxSides = 8;

    /// <summary>The most cells: what fits in a payload beside the fail bit, less the number that means none.</summary>
    public const int MaxCells = short.MaxValue;

    // So that the codes of a group are a multiple of what is compared at once.
    private const int LeastRows = 16;

    // Words of values that usually travel along; a question with more takes more.
    private const int MaxPlanes = 4;

    /// <summary>The widest vectors that this processor has.</summary>
    public static LaneWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? LaneWidth.Bits512 : Vector256.IsHardwareAccelerated ? LaneWidth.Bits256 : LaneWidth.Scalar;

    /// <summary>What matched persons have to satisfy besides the predicates of each side; null when there is nothing.</summary>
    public AcrossCondition? Across { get; init; }

    /// <summary>Counts persons by cell.</summary>
    /// <returns>One count for each cell.</returns>
    /// <exception cref="RoomStateException">The host changed a stored group.</exception>
    public long[] CountCells(IReadOnlyList<SidePlan> sides, int cells) => Sharded(sides) is { } shards
        ? [.. shards.Sum(sides, Across, cells, new SumPlan([], []), range => [.. OnRange(range).CountCells(sides, cells).Select(count => new CellTotals(count, [], []))]).Select(cell => cell.Persons)]
        : Dispatch(new CountWork(this, sides, cells));

    /// <summary>Counts persons and sums their measures by cell.</summary>
    /// <returns>Totals for each cell.</returns>
    /// <exception cref="RoomStateException">The host changed a stored group.</exception>
    public CellTotals[] SumCells(IReadOnlyList<SidePlan> sides, int cells, SumPlan plan) => Sharded(sides) is { } shards
        ? shards.Sum(sides, Across, cells, plan, range => OnRange(range).SumCells(sides, cells, plan))
        : Dispatch(new SumWork(this, sides, cells, plan));

    /// <summary>Makes a sketch of the persons of each cell.</summary>
    /// <exception cref="RoomStateException">The host changed a stored group.</exception>
    public SetSketch[] SketchCells(IReadOnlyList<SidePlan> sides, int cells, SketchLayout sketch, SketchKey key) => Sharded(sides) is { } shards
        ? shards.Sketch(sides, Across, cells, sketch, range => OnRange(range).SketchCells(sides, cells, sketch, key))
        : Dispatch(new SketchWork(this, sides, cells, sketch, key));

    /// <summary>The tags of matched persons, with padding between them: one entry for each merged element.</summary>
    /// <exception cref="RoomStateException">The host changed a stored group.</exception>
    public IReadOnlyList<Tag> ListTags(IReadOnlyList<SidePlan> sides) => Dispatch(new ListWork(this, layout, sides));

    /// <summary>Bytes that one thread works in at most: merge buffers, and of each side a group, its chunk and what is made of them.</summary>
    public static long WorkingSize(RoomLayout layout, IReadOnlyList<DataSet> sides) =>
        MergeBuffers.SizeOf(RowsPerPlace(layout, sides) * Places(sides.Count), MaxPlanes) + sides.Sum(side => 3L * layout.GroupSize(side));

    /// <summary>Runs some groups, one after the other.</summary>
    internal static void RunGroups<TLanes, T, TResult>(
        RoomLayout layout, IReadOnlyList<SidePlan> sides, int cells, IReadOnlyList<ValueField> fields, IEnumerable<int> numbers, IScan<TResult> scan)
        where TLanes : struct, ILanes<T> where T : struct
    {
        var rows = RowsPerPlace(layout, [.. sides.Select(side => side.Source.DataSet)]);
        var places = Places(sides.Count);
        var payload = new Payload(cells);
        var buffers = new MergeBuffers(rows * places, ValueField.Planes(fields) + (scan.ReadsRests ? 1 : 0)) { Payload = payload };
        var loaders = sides.Select((side, index) => new GroupLoader<TLanes, T>(side, layout, payload, [.. fields.Where(field => field.Measure.Side == index)], scan.ReadsRests)).ToList();
        foreach (var group in numbers)
        {
            LoadPlaces(loaders, buffers, group, rows);
            buffers.MergeRuns<TLanes, T>(Math.Min(2 * rows, buffers.Rows));
            buffers.Group = group;
            scan.Add(buffers);
        }
    }

    // Fills the buffers with sorted runs of two places each, or of one where there is no other.
    private static void LoadPlaces<TLanes, T>(List<GroupLoader<TLanes, T>> loaders, MergeBuffers buffers, int group, int rows)
        where TLanes : struct, ILanes<T> where T : struct
    {
        if (buffers.Rows == rows)
        {
            loaders[0].Load(group, buffers, 0, rows, descends: false);
            return;
        }
        for (var place = 0; place * rows < buffers.Rows; place += 2)
        {
            var start = place * rows;
            if (buffers.Planes == 0)
            {
                var first = place < loaders.Count ? loaders[place].Open(group) : default;
                var second = place + 1 < loaders.Count ? loaders[place + 1].Open(group) : default;
                buffers.MergePair(first, second, start, rows);
                continue;
            }
            for (var side = place; side < place + 2; side++)
            {
                if (side < loaders.Count)
                {
                    loaders[side].Load(group, buffers, side * rows, rows, descends: side % 2 == 1);
                }
                else
                {
                    buffers.Clear<TLanes, T>(side * rows, rows);
                }
            }
            buffers.MergePair<TLanes, T>(start, rows);
        }
    }

    private MatchEngine OnRange(GroupRange range) => new(layout, threads, range, width) { Across = Across };

    // A range of groups is computed where it was asked for; all of them, by the shards of the room when it has any.
    private RoomShards? Sharded(IReadOnlyList<SidePlan> sides) =>
        groups is null && sides.Count > 0 && sides.All(side => side.Source is StoredVersion { Shards: not null }) ? ((StoredVersion)sides[0].Source).Shards : null;

    private TResult Dispatch<TResult>(IWork<TResult> work) => (width ?? Widest) switch
    {
        LaneWidth.Bits512 => work.Run<Lanes512, Vector512<ulong>>(),
        LaneWidth.Bits256 => work.Run<Lanes256, TwoVectors>(),
        _ => work.Run<LanesScalar, EightWords>(),
    };

    private TResult[] Run<TLanes, T, TResult>(IReadOnlyList<SidePlan> sides, int cells, IReadOnlyList<Measure> measures, Func<IReadOnlyList<ValueField>, IScan<TResult>> createScan)
        where TLanes : struct, ILanes<T> where T : struct
    {
        ArgumentOutOfRangeException.ThrowIfZero(sides.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sides.Count, MaxSides);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cells, MaxCells);
        var fields = ValueField.Pack(sides, [.. measures, .. Across?.Columns ?? []]);
        List<ValueField> measured = [.. fields.Take(measures.Count)], compared = [.. fields.Skip(measures.Count)];
        var range = groups ?? new GroupRange(0, layout.GroupCount);
        var workers = Math.Clamp(threads, 1, range.End - range.First);
        var scans = Enumerable.Range(0, workers)
            .Select(_ => Across is null ? createScan(measured) : new AcrossScan<TLanes, T, TResult>(sides.Count, Across.Condition, compared, createScan(measured))).ToArray();
        // Who takes which group depends on the machine's other work, never on the data.
        var last = range.First - 1;
        IEnumerable<int> Take()
        {
            for (int group; (group = Interlocked.Increment(ref last)) < range.End;)
            {
                yield return group;
            }
        }
        try
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker => RunGroups<TLanes, T, TResult>(layout, sides, cells, fields, Take(), scans[worker]));
        }
        catch (AggregateException failed) when (failed.InnerException is RoomStateException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
        return [.. scans.Select(scan => scan.Total())];
    }

    private static int RowsPerPlace(RoomLayout layout, IReadOnlyList<DataSet> sides) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastRows, sides.Max(side => layout.Capacities[side.Name])));

    private static int Places(int sides) => (int)BitOperations.RoundUpToPowerOf2((uint)sides);

    private interface IWork<TResult>
    {
        TResult Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct;
    }

    private sealed record CountWork(MatchEngine Engine, IReadOnlyList<SidePlan> Sides, int Cells) : IWork<long[]>
    {
        public long[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, long[]>(Sides, Cells, [], _ => new CellScan<TLanes, T>(Sides.Count, Cells));
            return [.. Enumerable.Range(0, Cells).Select(cell => totals.Sum(total => total[cell]))];
        }
    }

    private sealed record SketchWork(MatchEngine Engine, IReadOnlyList<SidePlan> Sides, int Cells, SketchLayout Sketch, SketchKey Key) : IWork<SetSketch[]>
    {
        public SetSketch[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, ulong[]>(Sides, Cells, [], _ => new SketchScan<TLanes, T>(Sides.Count, Cells, Sketch, Key));
            return [.. Enumerable.Range(0, Cells).Select(cell => totals
                .Select(total => new SetSketch(total[(cell * Sketch.WordCount)..((cell + 1) * Sketch.WordCount)])).Aggregate((left, right) => left ^ right))];
        }
    }

    private sealed record ListWork(MatchEngine Engine, RoomLayout Layout, IReadOnlyList<SidePlan> Sides) : IWork<List<Tag>>
    {
        public List<Tag> Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct =>
            [.. Engine.Run<TLanes, T, List<Tag>>(Sides, 1, [], _ => new ListScan<TLanes, T>(Layout, Sides.Count)).SelectMany(tags => tags)];
    }

    private sealed record SumWork(MatchEngine Engine, IReadOnlyList<SidePlan> Sides, int Cells, SumPlan Plan) : IWork<CellTotals[]>
    {
        public CellTotals[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, CellTotals[]>(Sides, Cells, Plan.Measures, fields => new SumScan<TLanes, T>(Sides.Count, Cells, Plan, fields));
            return [.. Enumerable.Range(0, Cells).Select(cell => totals.Select(total => total[cell]).Aggregate((left, right) => left + right))];
        }
    }
}
