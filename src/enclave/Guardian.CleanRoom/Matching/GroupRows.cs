using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// The rows of a decrypted group as elements: the stored words, with the row's part of the cell and the fail bit in the lowest bits. The
/// default has no rows.
/// </summary>
internal readonly ref struct GroupRows<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private readonly ref readonly ulong words;
    private readonly ref ushort cells;
    private readonly ref byte mask;
    private readonly bool hasCells;
    private readonly bool hasFilter;
    private readonly nuint capacity;
    private readonly ulong payload;
    private readonly ulong failBit;

    /// <param name="cells">For each slot its part of the cell, or the fail bit.</param>
    /// <param name="mask">For each slot all ones when its row satisfies the filters.</param>
    public GroupRows(
        GroupColumns columns, ReadOnlySpan<byte> stored, Payload payload, ref ushort cells, ref byte mask, bool hasCells, bool hasFilter)
    {
        words = ref MemoryMarshal.GetReference(columns.Words(stored));
        this.cells = ref cells;
        this.mask = ref mask;
        (this.hasCells, this.hasFilter, capacity) = (hasCells, hasFilter, (nuint)columns.Capacity);
        (this.payload, failBit) = (payload.Mask, payload.FailBit);
    }

    /// <summary>Reads one row of all eight buckets; an empty row beyond the data set's capacity, which is public.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read(nuint row)
    {
        if (row >= capacity)
        {
            return TLanes.All(Elements.Empty);
        }
        var slot = unchecked(row * Lanes);
        var stored = TLanes.Load(ref Unsafe.AsRef(in words), slot);
        var fails = TLanes.Equal(stored, TLanes.All(Elements.Empty));
        if (hasFilter)
        {
            fails = TLanes.Or(fails, TLanes.Equal(TLanes.LoadCodes(ref mask, slot, 1), TLanes.All(0)));
        }
        var word = TLanes.Or(TLanes.AndNot(stored, TLanes.All(payload)), TLanes.And(fails, TLanes.All(failBit)));
        return hasCells ? TLanes.Or(word, TLanes.LoadHalves(ref cells, slot)) : word;
    }
}
