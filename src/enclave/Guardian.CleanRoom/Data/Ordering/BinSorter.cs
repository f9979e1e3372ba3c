using System.Numerics;
using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// The two steps of <see cref="ObliviousSort"/>: it splits the rows of two bins by their target, and it makes a sorted group of a bin. One
/// per thread.
/// </summary>
internal interface IBinSorter
{
    /// <summary>Whether any row did not fit so far, and is lost.</summary>
    bool HasOverflowed { get; }

    /// <summary>Whether two rows of one data set had the same tag, where rows are linked.</summary>
    bool HasRepeated { get; }

    /// <summary>
    /// Moves the rows whose group has a zero in one bit to <paramref name="zeros"/>, and those with a one to the second bin. The order is
    /// kept: rows of the first bin, then rows of the second.
    /// </summary>
    void Split(ReadOnlySpan<byte> first, Span<byte> second, Span<byte> zeros, int bit);

    /// <summary>Sorts a bin into its group. The first row of each person stays; where rows are linked, all stay.</summary>
    /// <returns>Persons in the group.</returns>
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
    private readonly NeighbourLinks<TLanes, T>? links;

    // Two bins, between two empty rows.
    private readonly MergeBuffers work;

    // A group, with one lane for each bucket.
    private readonly MergeBuffers lanes;

    // The first high word of each bucket of the group.
    private readonly AlignedBytes firsts = new(sizeof(ulong) * RoomLayout.BucketsPerGroup);
    private T overflow = TLanes.All(0);

    /// <param name="layout">The room's layout.</param>
    /// <param name="dataSet">The data set.</param>
    /// <param name="bins">The layout of bins.</param>
    /// <param name="linked">The columns by which rows of equal tags are linked; null to keep the first of them.</param>
    public BinSorter(RoomLayout layout, DataSet dataSet, RoomLayout bins, LinkColumns? linked = null)
    {
        this.layout = layout;
        this.bins = new GroupColumns(bins, dataSet);
        planes = new RowPlanes(dataSet);
        finish = new GroupFinish<TLanes, T>(layout, dataSet, planes);
        links = linked is null ? null : new NeighbourLinks<TLanes, T>(planes, linked);
        work = new MergeBuffers((2 * this.bins.Capacity) + 2, planes.Count + 1);
        work.Clear<TLanes, T>(0, work.Rows);
        lanes = new MergeBuffers(RowsOf(layout, dataSet), planes.Count + 1);
    }

    public bool HasOverflowed => TLanes.Sum(TLanes.And(overflow, TLanes.All(1))) > 0;

    public bool HasRepeated => links?.HasRepeated ?? false;

    /// <summary>Computes the bytes of the buffers.</summary>
    public static long SizeOf(RoomLayout layout, DataSet dataSet, RoomLayout bins)
    {
        var words = new RowPlanes(dataSet).Count + 1;
        return MergeBuffers.SizeOf((2 * bins.Capacities[dataSet.Name]) + 2, words)
            + MergeBuffers.SizeOf(RowsOf(layout, dataSet), words);
    }

    public void Split(ReadOnlySpan<byte> first, Span<byte> second, Span<byte> zeros, int bit)
    {
        for (var side = 0; side < 2; side++)
        {
            Load(first, 1);
            Load(second, 1 + bins.Capacity);
            for (var row = 1; row <= 2 * bins.Capacity; row++)
            {
                // The bits above those of the bucket in a group are the group's number.
                var target = TLanes.ShiftRight(BucketsOf(row), bit + BitOperations.Log2(RoomLayout.BucketsPerGroup));
                KeepOnly(row, TLanes.Equal(TLanes.And(target, TLanes.All(1)), TLanes.All((ulong)side)));
            }
            Compaction<TLanes, T>.CloseAll(work, 2 * bins.Capacity);
            var into = side == 0 ? zeros : second;
            for (var row = 0; row < bins.Capacity; row++)
            {
                planes.Store<TLanes, T>(work, 1 + row, bins, into, row);
            }
            RecordOverflow(1 + bins.Capacity, 2 * bins.Capacity);
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
            CopyToLane(lane);
            firsts.Words[lane] = layout.FirstOf((group * RoomLayout.BucketsPerGroup) + lane);
        }
        ConvertTagsToWords();
        lanes.MergeRuns<TLanes, T>(1);
        if (links is null)
        {
            MarkRepeated();
        }
        else
        {
            links.Link(lanes);
        }
        return finish.Write(lanes, lanes.Rows, target, ref overflow);
    }

    private static int RowsOf(RoomLayout layout, DataSet dataSet) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastRows, layout.Capacities[dataSet.Name]));

    private void Load(ReadOnlySpan<byte> bin, int start)
    {
        for (var row = 0; row < bins.Capacity; row++)
        {
            planes.Load<TLanes, T>(bins, bin, row, work, start + row);
        }
    }

    // floor(high * buckets / 2^64), computed by halves of the high word.
    private T BucketsOf(int row)
    {
        var (high, count) = (TLanes.Load(ref work.Word(row), 0), TLanes.All((ulong)layout.BucketCount));
        var lower = TLanes.ShiftRight(TLanes.Multiply(TLanes.And(high, TLanes.All(uint.MaxValue)), count), 32);
        return TLanes.ShiftRight(TLanes.Add(TLanes.Multiply(TLanes.ShiftRight(high, 32), count), lower), 32);
    }

    // Turns all other elements of a row into gaps.
    private void KeepOnly(int row, T wanted)
    {
        var all = TLanes.All(ulong.MaxValue);
        var goes = TLanes.Or(TLanes.Xor(wanted, all), TLanes.Equal(TLanes.Load(ref work.Word(row), 0), all));
        TLanes.Store(TLanes.Or(TLanes.Load(ref work.Word(row), 0), goes), ref work.Word(row), 0);
        ref var rest = ref work.Value(RowPlanes.Rest, row);
        TLanes.Store(TLanes.Or(TLanes.Load(ref rest, 0), goes), ref rest, 0);
        for (var plane = RowPlanes.Rest + 1; plane < planes.Count; plane++)
        {
            ref var value = ref work.Value(plane, row);
            TLanes.Store(TLanes.AndNot(TLanes.Load(ref value, 0), goes), ref value, 0);
        }
        TLanes.Store(TLanes.And(goes, TLanes.All(1)), ref work.Value(planes.Count, row), 0);
    }

    private void RecordOverflow(int first, int last)
    {
        var all = TLanes.All(ulong.MaxValue);
        for (var row = first; row <= last; row++)
        {
            overflow = TLanes.Or(overflow, TLanes.Xor(TLanes.Equal(TLanes.Load(ref work.Word(row), 0), all), all));
        }
    }

    // Copies the rows of one bucket, which are now at the beginning, to its lane. The addresses are public.
    private void CopyToLane(int lane)
    {
        var rows = Math.Min(lanes.Rows, bins.Slots);
        for (var row = 0; row < rows; row++)
        {
            CopyWord(ref work.Word(1), ref lanes.Word(row), row, lane);
            for (var plane = 0; plane < planes.Count; plane++)
            {
                CopyWord(ref work.Value(plane, 1), ref lanes.Value(plane, row), row, lane);
            }
        }
        // Both are multiples of eight.
        RecordOverflow(1 + (rows / RoomLayout.BucketsPerGroup), bins.Capacity);
    }

    private static void CopyWord(ref ulong from, ref ulong to, int index, int lane) =>
        Unsafe.Add(ref to, lane) = Unsafe.Add(ref from, index);

    // Tags become the words that they have in their buckets. Sorting loses the order of the upload, so each row gets its number as a mark:
    // a lane has fewer rows than there are marks.
    private void ConvertTagsToWords()
    {
        var (first, all, bits) = (TLanes.Load(ref firsts.FirstWord, 0), TLanes.All(ulong.MaxValue), layout.CommonBits);
        for (var row = 0; row < lanes.Rows; row++)
        {
            ref var rests = ref lanes.Value(RowPlanes.Rest, row);
            var (high, low) = (TLanes.Load(ref lanes.Word(row), 0), TLanes.Load(ref rests, 0));
            var isEmpty = TLanes.Equal(high, all);
            var word = TLanes.Or(TLanes.ShiftLeft(TLanes.Subtract(high, first), bits), TLanes.ShiftRight(low, 64 - bits));
            // As in RoomLayout.WordsOf; a mask of all ones is minus one.
            TLanes.Store(TLanes.Or(TLanes.Add(word, TLanes.Equal(word, all)), isEmpty), ref lanes.Word(row), 0);
            TLanes.Store(TLanes.Or(TLanes.Or(TLanes.ShiftLeft(low, bits), TLanes.All((ulong)row)), isEmpty), ref rests, 0);
        }
    }

    // A row is removed when an adjacent row of the same person has a lower number.
    private void MarkRepeated()
    {
        var marks = TLanes.All(Elements.PayloadMask);
        var flags = planes.Count;
        for (var row = 0; row < lanes.Rows; row++)
        {
            var number = TLanes.And(TLanes.Load(ref lanes.Value(RowPlanes.Rest, row), 0), marks);
            TLanes.Store(row == 0 ? number : Least(number, row, row - 1), ref lanes.Value(flags, row), 0);
        }
        for (var row = lanes.Rows - 2; row >= 0; row--)
        {
            TLanes.Store(Least(TLanes.Load(ref lanes.Value(flags, row), 0), row, row + 1), ref lanes.Value(flags, row), 0);
        }
        for (var row = 0; row < lanes.Rows; row++)
        {
            var number = TLanes.And(TLanes.Load(ref lanes.Value(RowPlanes.Rest, row), 0), marks);
            var isFirst = TLanes.Equal(number, TLanes.Load(ref lanes.Value(flags, row), 0));
            var isEmpty = TLanes.Equal(TLanes.Load(ref lanes.Word(row), 0), TLanes.All(Elements.Empty));
            TLanes.Store(TLanes.AndNot(TLanes.All(1), TLanes.Or(isFirst, isEmpty)), ref lanes.Value(flags, row), 0);
        }
    }

    // The lesser of a row's number and its neighbour's, when both are of the same person.
    private T Least(T number, int row, int neighbour)
    {
        var other = TLanes.Load(ref lanes.Value(planes.Count, neighbour), 0);
        return TLanes.Select(IsSame(row, neighbour), TLanes.Min(number, other), number);
    }

    private T IsSame(int one, int two) =>
        Matches<TLanes, T>.IsOnePerson(TLanes.Load(ref lanes.Word(one), 0), TLanes.Load(ref lanes.Word(two), 0));
}
