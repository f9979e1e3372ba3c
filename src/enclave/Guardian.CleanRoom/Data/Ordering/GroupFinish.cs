using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Makes a group of sorted rows, some of which are removed: it closes the gaps that these leave in each bucket, and writes as many rows as
/// the layout has slots. One per thread.
/// </summary>
internal sealed class GroupFinish<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private readonly RowPlanes planes;
    private readonly GroupColumns columns;

    public GroupFinish(RoomLayout layout, DataSet dataSet, RowPlanes planes)
    {
        this.planes = planes;
        columns = new GroupColumns(layout, dataSet);
    }

    /// <summary>Writes a group.</summary>
    /// <param name="buffers">
    /// Ascending rows of each bucket. The last plane is 1 for rows to remove, else 0. Marks in the rests of the other rows are cleared.
    /// </param>
    /// <param name="rows">Rows of a bucket, at least as many as the layout has slots.</param>
    /// <param name="group">Receives the group.</param>
    /// <param name="overflow">Accumulates a mask of rows for which the layout has no slot.</param>
    /// <returns>Persons in the group.</returns>
    public int Write(MergeBuffers buffers, int rows, Span<byte> group, ref T overflow)
    {
        var (all, marks) = (TLanes.All(ulong.MaxValue), TLanes.All(Elements.PayloadMask));
        for (var row = 0; row < rows; row++)
        {
            var goes = TLanes.Equal(TLanes.Load(ref buffers.Value(buffers.Planes - 1, row), 0), TLanes.All(1));
            var word = TLanes.Or(TLanes.Load(ref buffers.Word(row), 0), goes);
            var isEmpty = TLanes.Equal(word, all);
            TLanes.Store(word, ref buffers.Word(row), 0);
            ref var rest = ref buffers.Value(RowPlanes.Rest, row);
            TLanes.Store(TLanes.Or(TLanes.AndNot(TLanes.Load(ref rest, 0), marks), isEmpty), ref rest, 0);
            for (var plane = RowPlanes.Rest + 1; plane < planes.Count; plane++)
            {
                ref var value = ref buffers.Value(plane, row);
                TLanes.Store(TLanes.AndNot(TLanes.Load(ref value, 0), isEmpty), ref value, 0);
            }
        }
        Compaction<TLanes, T>.CloseLanes(buffers, rows);
        var count = TLanes.All(0);
        for (var row = 0; row < rows; row++)
        {
            var isRow = TLanes.Xor(TLanes.Equal(TLanes.Load(ref buffers.Word(row), 0), all), all);
            if (row < columns.Capacity)
            {
                count = TLanes.Subtract(count, isRow);
                planes.Store<TLanes, T>(buffers, row, columns, group, row);
            }
            else
            {
                overflow = TLanes.Or(overflow, isRow);
            }
        }
        return (int)TLanes.Sum(count);
    }
}
