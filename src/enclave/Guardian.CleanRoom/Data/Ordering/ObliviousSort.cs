using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Sorts an upload in any order, so that the host learns nothing about the order: bucket oblivious sort (Asharov, Chan, Nayak, Pass, Ren,
/// Shi 2020). Rows are dealt out to bins. In each level of a butterfly, pairs of bins split their rows by one bit of the target group.
/// Then each bin is one group, and is sorted in memory.
/// </summary>
/// <remarks>
/// The paper sends rows to random bins. Here a row's bin depends on its tag, which is as good: tags are keyed hashes, so for different
/// persons they are random, and the host does not know the key. Every bin is read, written and computed on in the same way, whatever it
/// contains.
///
/// Bins have so many slots that the probability of any overflow of any bin at any level is below 2^-80, for rows of different persons. All
/// rows of one person go to one bin, so an upload with very many rows of one person is refused.
///
/// Steps: 1. Deal rows out to a power of two of bins, in order. 2. Process as many levels at once as fit in memory: read, split and write
/// each set of bins that exchange rows. 3. Sort each bin into its group. The order of rows is kept throughout, so that the first row of
/// each person stays.
/// </remarks>
internal sealed class ObliviousSort
{
    // 2^-90 over all bins and levels, so that coarser bounds than this one also stay below 2^-80.
    private const double OverflowProbability = 8.077935669463161e-28;

    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly RoomLayout bins;
    private readonly int levels;
    private readonly int rowsPerBin;
    private readonly int threads;
    private readonly int levelsAtOnce;
    private readonly SortInput input;
    private readonly LinkColumns? links;

    /// <param name="layout">The room's layout.</param>
    /// <param name="dataSet">The data set, in the form of the upload.</param>
    /// <param name="memory">Bytes to work in; the minimum is the memory of one thread and one level.</param>
    /// <param name="input">The shape of the groups to sort; null for an upload in any order.</param>
    /// <param name="links">The columns by which rows of equal tags are linked; null to keep the first of them.</param>
    public ObliviousSort(RoomLayout layout, DataSet dataSet, long memory, SortInput? input = null, LinkColumns? links = null)
    {
        (this.layout, this.dataSet, this.links) = (layout, dataSet, links);
        this.input = input
            ?? new SortInput(layout, layout.GroupCount, layout.UnsortedSlots(dataSet) / RoomLayout.BucketsPerGroup, MostOfOneTag: 1);
        var count = (int)BitOperations.RoundUpToPowerOf2((uint)layout.GroupCount);
        levels = BitOperations.Log2((uint)count);
        rowsPerBin = (int)((((long)this.input.Groups * this.input.Rows) + count - 1) / count);
        bins = BinsFor(layout, dataSet, count, rowsPerBin, this.input.MostOfOneTag);
        var sorter = BinSorter<LanesScalar, EightWords>.SizeOf(layout, dataSet, bins) + (3L * BinSize);
        threads = (int)Math.Clamp(memory / (sorter + (2L * BinSize)), 1, Environment.ProcessorCount);
        levelsAtOnce = Math.Clamp(BitOperations.Log2((ulong)Math.Max(2, ((memory / threads) - sorter) / BinSize)), 1, Math.Max(levels, 1));
    }

    /// <summary>Bytes of a bin.</summary>
    public int BinSize => bins.GroupSize(dataSet);

    /// <summary>The number of times that all rows are read and written before the last step.</summary>
    public int Rounds => (levels + levelsAtOnce - 1) / levelsAtOnce;

    /// <summary>Whether two rows of one data set had the same tag, where rows are linked; known after <see cref="TryRun"/>.</summary>
    public bool HasRepeated { get; private set; }

    /// <summary>Sorts an upload.</summary>
    /// <param name="upload">Checked groups of the upload.</param>
    /// <param name="scratchPath">Path of a scratch file.</param>
    /// <param name="add">Receives each sorted group; called by several threads.</param>
    /// <returns>False when too many rows were of the same persons.</returns>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public bool TryRun(IGroupSource upload, string scratchPath, GroupAdder add)
    {
        using var scratch = new ScratchFile(scratchPath, BinSize);
        DealOut(upload, scratch);
        var overflowed = false;
        void End(Worker worker)
        {
            overflowed |= worker.Sorter.HasOverflowed;
            HasRepeated |= worker.Sorter.HasRepeated;
        }
        for (var (round, level) = (0, 0); level < levels; round++, level += levelsAtOnce)
        {
            var (from, first, count) = (round, level, Math.Min(levelsAtOnce, levels - level));
            // A set has the bins whose numbers differ only in the bits of these levels.
            ForEach(
                1 << (levels - count),
                () => new Worker(CreateSorter(), 1 << count, BinSize, BinSize),
                (worker, set) => SplitBins(worker, scratch, from, set, first, count),
                End);
        }
        ForEach(
            layout.GroupCount,
            () => new Worker(CreateSorter(), 1, BinSize, layout.GroupSize(dataSet)),
            (worker, group) =>
            {
                scratch.Read(Rounds, group, worker.Bins[0].Span);
                worker.Sorter.Finish(worker.Bins[0].Span, group, worker.Spare.Span);
                add(group, worker.Spare.Span);
            },
            End);
        return !overflowed;
    }

    /// <summary>Computes the sizes of bins: a layout in which a group is a bin.</summary>
    internal static RoomLayout BinsFor(RoomLayout layout, DataSet dataSet, int count, int rowsPerBin, int mostOfOneTag = 1)
    {
        // The load of a bin at any level is at most that of the fullest groups at the end.
        var mean = (double)RoomLayout.BucketsPerGroup * rowsPerBin * count / layout.GroupCount;
        var levels = Math.Max(1, BitOperations.Log2((uint)count));
        // Rows of one tag stay together: each of as many data sets may fill its part alone, and equal parts have the widest bounds.
        var slots = mostOfOneTag * RoomLayout.FindCapacity(int.MaxValue, mean / mostOfOneTag, OverflowProbability / count / levels);
        var most = Math.Min(slots, (long)RoomLayout.BucketsPerGroup * rowsPerBin * count);
        var rows = (int)Math.Max(rowsPerBin, (most + RoomLayout.BucketsPerGroup - 1) / RoomLayout.BucketsPerGroup);
        return new RoomLayout
        {
            BucketCount = layout.BucketCount,
            Capacities = new Dictionary<string, int> { [dataSet.Name] = rows },
        };
    }

    private IBinSorter CreateSorter() => ProcessorLanes.Widest switch
    {
        LaneWidth.Bits512 => new BinSorter<Lanes512, Vector512<ulong>>(layout, dataSet, bins, links),
        LaneWidth.Bits256 => new BinSorter<Lanes256, TwoVectors>(layout, dataSet, bins, links),
        _ => new BinSorter<LanesScalar, EightWords>(layout, dataSet, bins, links),
    };

    // Step 1. All addresses are public.
    private void DealOut(IGroupSource upload, ScratchFile scratch)
    {
        var (from, to) = (new GroupColumns(input.Layout, dataSet), new GroupColumns(bins, dataSet));
        var (group, bin) = (new AlignedBytes(input.Layout.GroupSize(dataSet)), new AlignedBytes(BinSize));
        var (rows, filled, next) = (input.Rows, 0, 0);
        void Clear()
        {
            bin.Span.Clear();
            bin.Span[..(2 * sizeof(ulong) * to.Slots)].Fill(0xFF);
            filled = 0;
        }
        Clear();
        for (var index = 0; index < input.Groups; index++)
        {
            var plaintext = upload.Read(index, group.Span);
            for (var start = 0; start < rows;)
            {
                var count = Math.Min(rows - start, rowsPerBin - filled);
                from.CopyRows(plaintext, start, to, bin.Span, filled, count);
                start += count;
                filled += count;
                if (filled == rowsPerBin)
                {
                    scratch.Write(0, next++, bin.Span);
                    Clear();
                }
            }
        }
        for (; next < 1 << levels; next++)
        {
            scratch.Write(0, next, bin.Span);
            Clear();
        }
    }

    // Step 2 for one set of bins, one bit after another.
    private static void SplitBins(Worker worker, ScratchFile scratch, int round, int set, int firstLevel, int count)
    {
        // The set's number with a gap for the bits of these levels.
        var number = ((set >> firstLevel) << (firstLevel + count)) | (set & ((1 << firstLevel) - 1));
        var held = worker.Bins;
        for (var i = 0; i < held.Length; i++)
        {
            scratch.Read(round, number | (i << firstLevel), held[i].Span);
        }
        for (var level = 0; level < count; level++)
        {
            for (var i = 0; i < held.Length; i++)
            {
                if ((i >> level & 1) == 0)
                {
                    worker.Sorter.Split(held[i].Span, held[i | (1 << level)].Span, worker.Spare.Span, firstLevel + level);
                    (held[i], worker.Spare) = (worker.Spare, held[i]);
                }
            }
        }
        for (var i = 0; i < held.Length; i++)
        {
            scratch.Write(round + 1, number | (i << firstLevel), held[i].Span);
        }
    }

    private void ForEach(int count, Func<Worker> create, Action<Worker, int> work, Action<Worker> end)
    {
        var gate = new Lock();
        try
        {
            Parallel.ForEach(new GroupRange(0, count).Split(threads), new ParallelOptions { MaxDegreeOfParallelism = threads }, share =>
            {
                var worker = create();
                for (var i = share.First; i < share.End; i++)
                {
                    work(worker, i);
                }
                lock (gate)
                {
                    end(worker);
                }
            });
        }
        catch (AggregateException failed) when (failed.InnerException is RefusedException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
    }

    // The memory of one thread: bins, and one more to write into.
    private sealed class Worker(IBinSorter sorter, int bins, int binSize, int spareSize)
    {
        public IBinSorter Sorter { get; } = sorter;

        public AlignedBytes[] Bins { get; } = [.. Enumerable.Range(0, bins).Select(_ => new AlignedBytes(binSize))];

        public AlignedBytes Spare { get; set; } = new(spareSize);
    }
}

/// <summary>The shape of the groups to sort. Each slot has a row, whose words are its tag, or is empty.</summary>
/// <param name="Layout">The layout of the groups.</param>
/// <param name="Groups">The number of groups.</param>
/// <param name="Rows">Rows of eight slots in each group that may hold rows.</param>
/// <param name="MostOfOneTag">The most rows with the same tag.</param>
internal sealed record SortInput(RoomLayout Layout, int Groups, int Rows, int MostOfOneTag);

/// <summary>Receives a group of a version that the enclave makes.</summary>
internal delegate void GroupAdder(int group, ReadOnlySpan<byte> plaintext);
