using System.Numerics;
using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>The two steps of <see cref="ObliviousSort"/>: splitting the rows of two bins by where they belong, and making a sorted group of a bin. One per thread.</summary>
internal interface IBinSorter
{
    /// <summary>Whether anything did not fit so far, and is lost.</summary>
    bool HasOverflowed { get; }

    /// <summary>Gives the rows whose group has a zero in one bit to <paramref name="zeros"/>, those with a one to the second bin; both stay in order, those of the first bin first.</summary>
    void Split(ReadOnlySpan<byte> first, Span<byte> second, Span<byte> zeros, int bit);

    /// <summary>Sorts a bin into the group that all its rows are of. Of rows of the same person the first stays.</summary>
    /// <returns>Persons in it.</returns>
    int Finish(ReadOnlySpan<byte> bin, int group, Span<byte> target);
}

/// <inheritdoc cref="IBinSorter"/>
internal sealed class BinSorter<TLanes, T> : IBinSorter where TLanes : struct, ILanes<T> where T : struct
{
    private const int LeastRows = 16;

    private readonly RoomLayout layout;
    private readonly RowPlanes planes;
    private readonly GroupColumns bins;
    private readonly GroupFinish<TLanes, T> finish;

    // Two bins, between two empty rows; a group, one lane for each bucket; and where its buckets begin.
    private readonly MergeBuffers work;
    private readonly MergeBuffers lanes;
    private readonly AlignedBytes firsts = new(sizeof(ulong) * RoomLayout.BucketsPerGroup);
    private T overflow = TLanes.All(0);

    /// <param name="bins">Sizes of the bins.</param>
    public BinSorter(RoomLayout layout, DataSet dataSet, RoomLayout bins)
    {
        this.layout = layout;
        this.bins = new GroupColumns(bins, dataSet);
        planes = new RowPlanes(dataSet);
        finish = new GroupFinish<TLanes, T>(layout, dataSet, planes);
        work = new MergeBuffers((2 * this.bins.Capacity) + 2, planes.Count + 1);
        work.Clear<TLanes, T>(0, work.Rows);
        lanes = new MergeBuffers(RowsOf(layout, dataSet), planes.Count + 1);
    }

    public bool HasOverflowed => TLanes.Sum(TLanes.And(overflow, TLanes.All(1))) > 0;

    /// <summary>Bytes of the buffers.</summary>
    public static long SizeOf(RoomLayout layout, DataSet dataSet, RoomLayout bins)
    {
        var words = new RowPlanes(dataSet).Count + 1;
        return MergeBuffers.SizeOf((2 * bins.Capacities[dataSet.Name]) + 2, words) + MergeBuffers.SizeOf(RowsOf(layout, dataSet), words);
    }

    public void Split(ReadOnlySpan<byte> first, Span<byte> second, Span<byte> zeros, int bit)
    {
        for (var side = 0; side < 2; side++)
        {
            Load(first, 1);
            Load(second, 1 + bins.Capacity);
            for (var row = 1; row <= 2 * bins.Capacity; row++)
            {
                // Bits above those of the buckets in a group say which group.
                var belongs = TLanes.And(TLanes.ShiftRight(BucketsOf(row), bit + BitOperations.Log2(RoomLayout.BucketsPerGroup)), TLanes.All(1));
                KeepOnly(row, TLanes.Equal(belongs, TLanes.All((ulong)side)));
            }
            Compaction<TLanes, T>.CloseAll(work, 2 * bins.Capacity);
            var target = side == 0 ? zeros : second;
            for (var row = 0; row < bins.Capacity; row++)
            {
                planes.Store<TLanes, T>(work, 1 + row, bins, target, row);
            }
            NoteOverflow(1 + bins.Capacity, 2 * bins.Capacity);
        }
    }

    public int Finish(ReadOnlySpan<byte> bin, int group, Span<byte> target)
    {
        lanes.Clear<TLanes, T>(0, lanes.Rows);
        for (var lane = 0; lane < RoomLayout.BucketsPerGroup; lane++)
        {
            Load(bin, 1);
            var bucket = TLanes.All((ulong)((group * RoomLayout.BucketsPerGroup) + lane));
            for (var row = 1; row <= bins.Capacity; row++)
            {
                KeepOnly(row, TLanes.Equal(BucketsOf(row), bucket));
            }
            Compaction<TLanes, T>.CloseAll(work, bins.Capacity);
            TakeLane(lane);
            firsts.Words[lane] = layout.FirstOf((group * RoomLayout.BucketsPerGroup) + lane);
        }
        MakeWords();
        lanes.MergeRuns<TLanes, T>(1);
        MarkRepeated();
        return finish.Write(lanes, lanes.Rows, target, ref overflow);
    }

    private static int RowsOf(RoomLayout layout, DataSet dataSet) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastRows, layout.Capacities[dataSet.Name]));

    private void Load(ReadOnlySpan<byte> bin, int start)
    {
        for (var row = 0; row < bins.Capacity; row++)
        {
            planes.Load<TLanes, T>(bins, bin, row, work, start + row);
        }
    }

    // floor(high * buckets / 2^64), by halves of the high word.
    private T BucketsOf(int row)
    {
        var (high, count) = (TLanes.Load(ref work.Word(row), 0), TLanes.All((ulong)layout.BucketCount));
        var lower = TLanes.ShiftRight(TLanes.Multiply(TLanes.And(high, TLanes.All(uint.MaxValue)), count), 32);
        return TLanes.ShiftRight(TLanes.Add(TLanes.Multiply(TLanes.ShiftRight(high, 32), count), lower), 32);
    }

    // Everything else becomes a gap.
    private void KeepOnly(int row, T wanted)
    {
        var all = TLanes.All(ulong.MaxValue);
        var goes = TLanes.Or(TLanes.Xor(wanted, all), TLanes.Equal(TLanes.Load(ref work.Word(row), 0), all));
        TLanes.Store(TLanes.Or(TLanes.Load(ref work.Word(row), 0), goes), ref work.Word(row), 0);
        ref var rest = ref work.Value(RowPlanes.Rest, row);
        TLanes.Store(TLanes.Or(TLanes.Load(ref rest, 0), goes), ref rest, 0);
        for (var plane = RowPlanes.Rest + 1; plane < planes.Count; plane++)
        {
            TLanes.Store(TLanes.AndNot(TLanes.Load(ref work.Value(plane, row), 0), goes), ref work.Value(plane, row), 0);
        }
        TLanes.Store(TLanes.And(goes, TLanes.All(1)), ref work.Value(planes.Count, row), 0);
    }

    private void NoteOverflow(int first, int last)
    {
        var all = TLanes.All(ulong.MaxValue);
        for (var row = first; row <= last; row++)
        {
            overflow = TLanes.Or(overflow, TLanes.Xor(TLanes.Equal(TLanes.Load(ref work.Word(row), 0), all), all));
        }
    }

    // The rows of one bucket, which stand at the beginning one after the other, into its lane. Which places are read and written is public.
    private void TakeLane(int lane)
    {
        var rows = Math.Min(lanes.Rows, bins.Slots);
        for (var row = 0; row < rows; row++)
        {
            Take(ref work.Word(1), ref lanes.Word(row), row, lane);
            for (var plane = 0; plane < planes.Count; plane++)
            {
                Take(ref work.Value(plane, 1), ref lanes.Value(plane, row), row, lane);
            }
        }
        // Both are multiples of eight.
        NoteOverflow(1 + (rows / RoomLayout.BucketsPerGroup), bins.Capacity);
    }

    private static void Take(ref ulong from, ref ulong to, int place, int lane) => Unsafe.Add(ref to, lane) = Unsafe.Add(ref from, place);

    // Tags become the words they have in their buckets. Sorting forgets the order they came in, and marks keep it: a lane has fewer rows than there are marks.
    private void MakeWords()
    {
        var (first, all, bits) = (TLanes.Load(ref firsts.FirstWord, 0), TLanes.All(ulong.MaxValue), layout.CommonBits);
        for (var row = 0; row < lanes.Rows; row++)
        {
            ref var rests = ref lanes.Value(RowPlanes.Rest, row);
            var (high, low) = (TLanes.Load(ref lanes.Word(row), 0), TLanes.Load(ref rests, 0));
            var isEmpty = TLanes.Equal(high, all);
            var word = TLanes.Or(TLanes.ShiftLeft(TLanes.Subtract(high, first), bits), TLanes.ShiftRight(low, 64 - bits));
            // As RoomLayout.WordsOf says; a mask of all ones is minus one.
            TLanes.Store(TLanes.Or(TLanes.Add(word, TLanes.Equal(word, all)), isEmpty), ref lanes.Word(row), 0);
            TLanes.Store(TLanes.Or(TLanes.Or(TLanes.ShiftLeft(low, bits), TLanes.All((ulong)row)), isEmpty), ref rests, 0);
        }
    }

    // A row goes when another of the same person, side by side with it now, came before it.
    private void MarkRepeated()
    {
        var marks = TLanes.All(Elements.PayloadMask);
        var flags = planes.Count;
        for (var row = 0; row < lanes.Rows; row++)
        {
            var number = TLanes.And(TLanes.Load(ref lanes.Value(RowPlanes.Rest, row), 0), marks);
            TLanes.Store(row == 0 ? number : TLanes.Select(IsSame(row - 1, row), TLanes.Min(number, TLanes.Load(ref lanes.Value(flags, row - 1), 0)), number), ref lanes.Value(flags, row), 0);
        }
        for (var row = lanes.Rows - 2; row >= 0; row--)
        {
            var least = TLanes.Load(ref lanes.Value(flags, row), 0);
            TLanes.Store(TLanes.Select(IsSame(row, row + 1), TLanes.Min(least, TLanes.Load(ref lanes.Value(flags, row + 1), 0)), least), ref lanes.Value(flags, row), 0);
        }
        for (var row = 0; row < lanes.Rows; row++)
        {
            var isFirst = TLanes.Equal(TLanes.And(TLanes.Load(ref lanes.Value(RowPlanes.Rest, row), 0), marks), TLanes.Load(ref lanes.Value(flags, row), 0));
            var isEmpty = TLanes.Equal(TLanes.Load(ref lanes.Word(row), 0), TLanes.All(Elements.Empty));
            TLanes.Store(TLanes.AndNot(TLanes.All(1), TLanes.Or(isFirst, isEmpty)), ref lanes.Value(flags, row), 0);
        }
    }

    private T IsSame(int one, int two) => Matches<TLanes, T>.IsOnePerson(TLanes.Load(ref lanes.Word(one), 0), TLanes.Load(ref lanes.Word(two), 0));
}
