using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Matches 1 to 8 data sets bucket by bucket in this enclave. Every group is read, merged and scanned in the same way, whatever the data:
/// time, addresses and branches depend on public sizes and the question alone.
/// </summary>
/// <param name="threads">Threads to use; each takes the next group when it has finished one.</param>
/// <param name="groups">The groups to match; null for all groups of the room.</param>
/// <param name="width">The vectors to compute with; null for the widest.</param>
/// <remarks>
/// Memory: for each thread one group of each side and the merge buffers. No two persons of a bucket have words that agree in all bits
/// above the payload, because uploads are checked for that; so equal elements belong to different sides.
/// </remarks>
internal sealed class MatchEngine(RoomLayout layout, int threads, GroupRange? groups = null, LaneWidth? width = null) : IMatchEngine
{
    /// <summary>The most data sets of one match.</summary>
    public const int MaxSides = RoomContract.MaxDataSets;

    /// <summary>The most cells: the numbers that fit in a payload beside the fail bit, less the one that means none.</summary>
    public const int MaxCells = short.MaxValue;

    // Makes the codes of a group a multiple of the number that is compared at once.
    private const int LeastRows = 16;

    // Words of values that usually move with an element; a question with more values needs more memory.
    private const int MaxPlanes = 4;

    /// <summary>The condition on matched persons in addition to those of each side; null for none.</summary>
    public AcrossCondition? Across { get; init; }

    /// <inheritdoc/>
    public long[] CountCells(IReadOnlyList<SidePlan> sides, int cells) => Dispatch(new CountWork(this, sides, cells));

    /// <inheritdoc/>
    public CellTotals[] SumCells(IReadOnlyList<SidePlan> sides, int cells, SumPlan plan) => Dispatch(new SumWork(this, sides, cells, plan));

    /// <summary>Computes totals by cell; counts alone take the faster scan.</summary>
    /// <returns>Totals for each cell.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    public CellTotals[] TotalCells(IReadOnlyList<SidePlan> sides, int cells, SumPlan plan) => plan.Measures.Count > 0
        ? SumCells(sides, cells, plan)
        : [.. CountCells(sides, cells).Select(count => new CellTotals(count, [], []))];

    /// <inheritdoc/>
    public SetSketch[] SketchCells(IReadOnlyList<SidePlan> sides, int cells, SketchLayout sketch, SketchKey key) =>
        Dispatch(new SketchWork(this, sides, cells, sketch, key));

    /// <inheritdoc/>
    public long[] SumContributions(IReadOnlyList<SidePlan> sides, IReadOnlyList<Measure> columns, IContributions contributions) =>
        Dispatch(new ContributionWork(this, sides, columns, contributions));

    /// <inheritdoc/>
    public IReadOnlyList<Tag> ListTags(IReadOnlyList<SidePlan> sides) => Dispatch(new ListWork(this, layout, sides));

    /// <summary>
    /// Computes the bytes that one thread needs at most: the merge buffers and, for each side, a group, its chunk and its masks.
    /// </summary>
    public static long WorkingSize(RoomLayout layout, IReadOnlyList<DataSet> sides) =>
        MergeBuffers.SizeOf(RowsPerSide(layout, sides) * PaddedSides(sides.Count), MaxPlanes)
        + sides.Sum(side => 3L * layout.GroupSize(side));

    /// <summary>Scans some groups, one after the other.</summary>
    internal static void RunGroups<TLanes, T, TResult>(
        RoomLayout layout, IReadOnlyList<SidePlan> sides, int cells, IReadOnlyList<ValueField> fields, IEnumerable<int> numbers,
        IScan<TResult> scan)
        where TLanes : struct, ILanes<T> where T : struct
    {
        var rows = RowsPerSide(layout, [.. sides.Select(side => side.Source.DataSet)]);
        var padded = PaddedSides(sides.Count);
        var payload = new Payload(cells);
        var planes = ValueField.Planes(fields) + (scan.ReadsRests ? 1 : 0);
        var buffers = new MergeBuffers(rows * padded, planes) { Payload = payload };
        var loaders = sides.Select((side, index) => new GroupLoader<TLanes, T>(
            side, layout, payload, [.. fields.Where(field => field.Measure.Side == index)], scan.ReadsRests)).ToList();
        foreach (var group in numbers)
        {
            LoadSides(loaders, buffers, group, rows);
            buffers.MergeRuns<TLanes, T>(Math.Min(2 * rows, buffers.Rows));
            buffers.Group = group;
            scan.Add(buffers);
        }
    }

    // Fills the buffers with sorted runs of two sides each; a single side is one run.
    private static void LoadSides<TLanes, T>(List<GroupLoader<TLanes, T>> loaders, MergeBuffers buffers, int group, int rows)
        where TLanes : struct, ILanes<T> where T : struct
    {
        if (buffers.Rows == rows)
        {
            loaders[0].Load(group, buffers, 0, rows, descends: false);
            return;
        }
        for (var left = 0; left * rows < buffers.Rows; left += 2)
        {
            var start = left * rows;
            if (buffers.Planes == 0)
            {
                var first = left < loaders.Count ? loaders[left].Open(group) : default;
                var second = left + 1 < loaders.Count ? loaders[left + 1].Open(group) : default;
                buffers.MergePair(first, second, start, rows);
                continue;
            }
            for (var side = left; side < left + 2; side++)
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

    private TResult Dispatch<TResult>(IWork<TResult> work) => (width ?? ProcessorLanes.Widest) switch
    {
        LaneWidth.Bits512 => work.Run<Lanes512, Vector512<ulong>>(),
        LaneWidth.Bits256 => work.Run<Lanes256, TwoVectors>(),
        _ => work.Run<LanesScalar, EightWords>(),
    };

    private TResult[] Run<TLanes, T, TResult>(
        IReadOnlyList<SidePlan> sides, int cells, IReadOnlyList<Measure> measures,
        Func<IReadOnlyList<ValueField>, IScan<TResult>> createScan)
        where TLanes : struct, ILanes<T> where T : struct
    {
        ArgumentOutOfRangeException.ThrowIfZero(sides.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sides.Count, MaxSides);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cells, MaxCells);
        var fields = ValueField.Pack(sides, [.. measures, .. Across?.Columns ?? []]);
        List<ValueField> measured = [.. fields.Take(measures.Count)], compared = [.. fields.Skip(measures.Count)];
        var range = groups ?? new GroupRange(0, layout.GroupCount);
        var workers = Math.Clamp(threads, 1, range.End - range.First);
        var scans = Enumerable.Range(0, workers).Select(_ => Across is null
            ? createScan(measured)
            : new AcrossScan<TLanes, T, TResult>(sides.Count, Across.Condition, compared, createScan(measured))).ToArray();
        // The other work of the machine decides which thread takes which group; the data never does.
        var last = range.First - 1;
        IEnumerable<int> TakeGroups()
        {
            for (int group; (group = Interlocked.Increment(ref last)) < range.End;)
            {
                yield return group;
            }
        }
        try
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
                RunGroups<TLanes, T, TResult>(layout, sides, cells, fields, TakeGroups(), scans[worker]));
        }
        catch (AggregateException failed) when (failed.InnerException is RefusedException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
        return [.. scans.Select(scan => scan.Total())];
    }

    private static int RowsPerSide(RoomLayout layout, IReadOnlyList<DataSet> sides) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastRows, sides.Max(side => layout.Capacities[side.Name])));

    private static int PaddedSides(int sides) => (int)BitOperations.RoundUpToPowerOf2((uint)sides);

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

    private sealed record SketchWork(
        MatchEngine Engine, IReadOnlyList<SidePlan> Sides, int Cells, SketchLayout Sketch, SketchKey Key) : IWork<SetSketch[]>
    {
        public SetSketch[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, ulong[]>(Sides, Cells, [], _ => new SketchScan<TLanes, T>(Sides.Count, Cells, Sketch, Key));
            return
            [
                .. Enumerable.Range(0, Cells).Select(cell => totals
                    .Select(total => new SetSketch(total[(cell * Sketch.WordCount)..((cell + 1) * Sketch.WordCount)]))
                    .Aggregate((left, right) => left ^ right)),
            ];
        }
    }

    private sealed record ListWork(MatchEngine Engine, RoomLayout Layout, IReadOnlyList<SidePlan> Sides) : IWork<List<Tag>>
    {
        public List<Tag> Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var lists = Engine.Run<TLanes, T, List<Tag>>(Sides, 1, [], _ => new ListScan<TLanes, T>(Layout, Sides.Count));
            return [.. lists.SelectMany(tags => tags)];
        }
    }

    private sealed record ContributionWork(
        MatchEngine Engine, IReadOnlyList<SidePlan> Sides, IReadOnlyList<Measure> Columns, IContributions Contributions) : IWork<long[]>
    {
        public long[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, long[]>(
                Sides, 1, Columns, fields => new ContributionScan<TLanes, T>(Sides.Count, fields, Contributions));
            return [.. Enumerable.Range(0, Contributions.Count).Select(figure => totals.Sum(total => total[figure]))];
        }
    }

    private sealed record SumWork(MatchEngine Engine, IReadOnlyList<SidePlan> Sides, int Cells, SumPlan Plan) : IWork<CellTotals[]>
    {
        public CellTotals[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var totals = Engine.Run<TLanes, T, CellTotals[]>(
                Sides, Cells, Plan.Measures, fields => new SumScan<TLanes, T>(Sides.Count, Cells, Plan, fields));
            return
            [
                .. Enumerable.Range(0, Cells).Select(cell =>
                    totals.Select(total => total[cell]).Aggregate((left, right) => left + right)),
            ];
        }
    }
}
