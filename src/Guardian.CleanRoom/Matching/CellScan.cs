using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>Counts matched persons by cell. Every counter is touched for every element.</summary>
internal sealed class CellScan<TLanes, T>(int sides, int cells) : IScan<long[]> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // No cell has this number, nor its low byte where codes are bytes.
    private const ulong NoCell = ushort.MaxValue;

    private readonly int codeSize = cells <= byte.MaxValue ? 1 : 2;

    private readonly long[] counts = new long[cells];
    private AlignedBytes? found;

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        if (cells == 1)
        {
            counts[0] += CountAll(merged);
            return;
        }
        var slots = (nuint)merged.Rows * Lanes;
        found ??= new AlignedBytes((int)slots * codeSize);
        ref var codes = ref MemoryMarshal.GetReference(found.Span);
        FindCells(merged, ref codes);
        for (var cell = 0; cell < cells; cell++)
        {
            counts[cell] += TLanes.CountEqual(ref codes, slots, codeSize, (ushort)cell);
        }
    }

    /// <inheritdoc/>
    public long[] Total() => counts;

    private long CountAll(MergeBuffers merged)
    {
        ref var high = ref merged.High(0);
        ref var low = ref merged.Low(0);
        var count = TLanes.All(0);
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            var index = (nuint)row * Lanes;
            // A mask of all ones is minus one.
            count = TLanes.Subtract(count, Matches<TLanes, T>.Of(ref high, ref low, index, sides, TLanes.Load(ref low, index)));
        }
        return (long)TLanes.Sum(count);
    }

    // For each element the cell of the person who ends there, or none.
    private void FindCells(MergeBuffers merged, ref byte target)
    {
        ref var high = ref merged.High(0);
        ref var low = ref merged.Low(0);
        for (var row = 0; row < sides - 1; row++)
        {
            TLanes.StoreCodes(TLanes.All(NoCell), ref target, (nuint)row * Lanes, codeSize);
        }
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            var index = (nuint)row * Lanes;
            var element = TLanes.Load(ref low, index);
            var isMatch = Matches<TLanes, T>.Of(ref high, ref low, index, sides, element);
            var cell = Matches<TLanes, T>.CellOf(ref low, index, sides, element);
            TLanes.StoreCodes(TLanes.Select(isMatch, cell, TLanes.All(NoCell)), ref target, index, codeSize);
        }
    }
}
