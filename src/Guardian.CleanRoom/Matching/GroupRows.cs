using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>The rows of an open group as elements: what lies stored, with what the question makes of its columns beside the tag. The default has none.</summary>
internal readonly ref struct GroupRows<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private readonly ref readonly ulong high;
    private readonly ref readonly ulong low;
    private readonly ref ushort cells;
    private readonly ref byte mask;
    private readonly bool hasCells;
    private readonly bool hasFilter;
    private readonly nuint capacity;

    /// <param name="cells">For each slot its part of the cell, and the fail bit where it has none.</param>
    /// <param name="mask">For each slot all ones when its row satisfies the filters.</param>
    public GroupRows(GroupColumns columns, ReadOnlySpan<byte> stored, ref ushort cells, ref byte mask, bool hasCells, bool hasFilter)
    {
        high = ref MemoryMarshal.GetReference(columns.High(stored));
        low = ref MemoryMarshal.GetReference(columns.Low(stored));
        this.cells = ref cells;
        this.mask = ref mask;
        (this.hasCells, this.hasFilter, capacity) = (hasCells, hasFilter, (nuint)columns.Capacity);
    }

    /// <summary>One row of all eight buckets; an empty one beyond the data set's capacity, which is public.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(nuint row, out T rowHigh, out T rowLow)
    {
        if (row >= capacity)
        {
            rowHigh = rowLow = TLanes.All(Elements.Empty);
            return;
        }
        var slot = unchecked(row * Lanes);
        rowHigh = TLanes.Load(ref Unsafe.AsRef(in high), slot);
        rowLow = TLanes.Load(ref Unsafe.AsRef(in low), slot);
        // Tag bits and payload bits do not overlap.
        if (hasCells)
        {
            rowLow = TLanes.Or(rowLow, TLanes.LoadHalves(ref cells, slot));
        }
        if (hasFilter)
        {
            rowLow = TLanes.Or(rowLow, TLanes.AndNot(TLanes.All(Elements.FailBit), TLanes.ShiftLeft(TLanes.LoadCodes(ref mask, slot, 1), 8)));
        }
    }
}
