using System.Numerics;
using System.Runtime.InteropServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>Merges a group of changes into the group of the version that they change. One per thread.</summary>
internal interface IChangeMerger
{
    /// <summary>Whether any row did not fit so far, and is lost.</summary>
    bool HasOverflowed { get; }

    /// <summary>Merges two groups. For a person in both, the row of the changes counts; a removed person is in neither.</summary>
    /// <returns>Persons in the merged group.</returns>
    int Merge(ReadOnlySpan<byte> current, ReadOnlySpan<byte> changes, Span<byte> target);
}

/// <inheritdoc cref="IChangeMerger"/>
internal sealed class ChangeMerger<TLanes, T> : IChangeMerger where TLanes : struct, ILanes<T> where T : struct
{
    private const int LeastRows = 16;

    // Marks in the rest: the row is of the changes, and the row removes its person.
    private const ulong IsChange = 1;
    private const int RemovedShift = 1;

    private readonly RowPlanes planes;
    private readonly GroupColumns currentColumns;
    private readonly GroupColumns changeColumns;
    private readonly GroupFinish<TLanes, T> finish;
    private readonly MergeBuffers buffers;
    private readonly int removedColumn;
    private T overflow = TLanes.All(0);

    public ChangeMerger(RoomLayout layout, DataSet dataSet)
    {
        var changes = dataSet.InForm(UploadForm.Changes);
        planes = new RowPlanes(dataSet);
        (currentColumns, changeColumns) = (new GroupColumns(layout, dataSet), new GroupColumns(layout, changes));
        removedColumn = dataSet.Columns.Count;
        finish = new GroupFinish<TLanes, T>(layout, dataSet, planes);
        buffers = new MergeBuffers(2 * RowsPerSide(layout, dataSet), planes.Count + 1);
    }

    public bool HasOverflowed => TLanes.Sum(TLanes.And(overflow, TLanes.All(1))) > 0;

    /// <summary>Computes the bytes of the buffers.</summary>
    public static long SizeOf(RoomLayout layout, DataSet dataSet) =>
        MergeBuffers.SizeOf(2 * RowsPerSide(layout, dataSet), new RowPlanes(dataSet).Count + 1);

    public int Merge(ReadOnlySpan<byte> current, ReadOnlySpan<byte> changes, Span<byte> target)
    {
        buffers.Clear<TLanes, T>(0, buffers.Rows);
        var last = buffers.Rows - 1;
        for (var row = 0; row < currentColumns.Capacity; row++)
        {
            planes.Load<TLanes, T>(currentColumns, current, row, buffers, row);
        }
        // Back to front, so that both together are a bitonic sequence.
        for (var row = 0; row < changeColumns.Capacity; row++)
        {
            planes.Load<TLanes, T>(changeColumns, changes, row, buffers, last - row);
            ref var codes = ref MemoryMarshal.GetReference(changeColumns.Codes(removedColumn, changes));
            var removed = TLanes.LoadCodes(ref codes, (nuint)(row * RoomLayout.BucketsPerGroup), 1);
            // The code of a set flag is 2.
            var marks = TLanes.Or(TLanes.All(IsChange), TLanes.And(removed, TLanes.All(1 << RemovedShift)));
            ref var rest = ref buffers.Value(RowPlanes.Rest, last - row);
            TLanes.Store(TLanes.Or(TLanes.Load(ref rest, 0), marks), ref rest, 0);
        }
        buffers.MergePair<TLanes, T>(0, buffers.Rows / 2);
        for (var row = 0; row < buffers.Rows; row++)
        {
            MarkReplaced(row);
        }
        return finish.Write(buffers, buffers.Rows, target, ref overflow);
    }

    private static int RowsPerSide(RoomLayout layout, DataSet dataSet) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(
        LeastRows, Math.Max(layout.Capacities[dataSet.Name], layout.Capacities[dataSet.InForm(UploadForm.Changes).Name])));

    private void MarkReplaced(int row)
    {
        var (marks, one) = (TLanes.Load(ref buffers.Value(RowPlanes.Rest, row), 0), TLanes.All(1));
        var isTwice = TLanes.All(0);
        if (row > 0)
        {
            isTwice = IsSame(row, row - 1);
        }
        if (row < buffers.Rows - 1)
        {
            isTwice = TLanes.Or(isTwice, IsSame(row, row + 1));
        }
        var isReplaced = TLanes.AndNot(isTwice, TLanes.Equal(TLanes.And(marks, one), one));
        var isRemoved = TLanes.Equal(TLanes.And(TLanes.ShiftRight(marks, RemovedShift), one), one);
        var isEmpty = TLanes.Equal(TLanes.Load(ref buffers.Word(row), 0), TLanes.All(Elements.Empty));
        var goes = TLanes.AndNot(TLanes.Or(isReplaced, isRemoved), isEmpty);
        TLanes.Store(TLanes.And(goes, one), ref buffers.Value(planes.Count, row), 0);
    }

    private T IsSame(int row, int other) =>
        Matches<TLanes, T>.IsOnePerson(TLanes.Load(ref buffers.Word(row), 0), TLanes.Load(ref buffers.Word(other), 0));
}
