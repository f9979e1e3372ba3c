using System.Runtime.InteropServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Matching;

/// <summary>The parts of a data set's group plaintext (<see cref="RoomLayout"/>).</summary>
internal sealed class GroupColumns
{
    private readonly DataSet dataSet;
    private readonly int[] offsets;

    public GroupColumns(RoomLayout layout, DataSet dataSet)
    {
        this.dataSet = dataSet;
        Capacity = layout.Capacities[dataSet.Name];
        offsets = new int[dataSet.Columns.Count];
        var offset = 2 * sizeof(ulong) * Slots;
        for (var column = 0; column < offsets.Length; column++)
        {
            offsets[column] = offset;
            offset += Slots * dataSet.Columns[column].CodeSize;
        }
        Size = offset;
    }

    /// <summary>Slots per bucket.</summary>
    public int Capacity { get; }

    /// <summary>Slots per group.</summary>
    public int Slots => Capacity * RoomLayout.BucketsPerGroup;

    /// <summary>Bytes of a group.</summary>
    public int Size { get; }

    /// <summary>Bytes of each code of a column.</summary>
    public int CodeSize(int column) => dataSet.Columns[column].CodeSize;

    /// <summary>The first word of each slot.</summary>
    public ReadOnlySpan<ulong> Words(ReadOnlySpan<byte> group) => MemoryMarshal.Cast<byte, ulong>(group)[..Slots];

    /// <summary>The second word of each slot: the rest of its tag.</summary>
    public ReadOnlySpan<ulong> Rests(ReadOnlySpan<byte> group) => MemoryMarshal.Cast<byte, ulong>(group).Slice(Slots, Slots);

    /// <summary>The codes of a column.</summary>
    public ReadOnlySpan<byte> Codes(int column, ReadOnlySpan<byte> group) => group.Slice(offsets[column], Slots * CodeSize(column));

    /// <summary>The codes of a column, to write.</summary>
    public Span<byte> Codes(int column, Span<byte> group) => group.Slice(offsets[column], Slots * CodeSize(column));

    /// <summary>Copies rows of eight slots from a group to another one of the same columns and another capacity.</summary>
    public void CopyRows(ReadOnlySpan<byte> group, int row, GroupColumns to, Span<byte> target, int targetRow, int count)
    {
        CopyRows(group, 0, target, 0, sizeof(ulong), row, targetRow, count);
        CopyRows(group, sizeof(ulong) * Slots, target, sizeof(ulong) * to.Slots, sizeof(ulong), row, targetRow, count);
        for (var column = 0; column < offsets.Length; column++)
        {
            CopyRows(group, offsets[column], target, to.offsets[column], CodeSize(column), row, targetRow, count);
        }
    }

    private static void CopyRows(
        ReadOnlySpan<byte> group, int start, Span<byte> target, int targetStart, int size, int row, int targetRow, int count)
    {
        var rowSize = RoomLayout.BucketsPerGroup * size;
        group.Slice(start + (row * rowSize), count * rowSize).CopyTo(target.Slice(targetStart + (targetRow * rowSize), count * rowSize));
    }
}
