using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>Counts matched persons by cell. Every counter is touched for every element.</summary>
internal sealed class CellScan<TLanes, T>(int sides, int cells) : IScan<long[]> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // No cell has this number, nor its low byte where codes are bytes.
    private const ulong NoCell = ushort.MaxValue;

    private readonly int codeSize = cells <= byte.MaxValue ? 1 : 2;

    // Persons who are in two or more data sets end at most once in two neighbouring rows, so those share a code.
    private int RowsPerCode => sides == 1 ? 1 : 2;

    private readonly long[] counts = new long[cells];
    private AlignedBytes? found;

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        if (cells == 1)
        {
            counts[0] += sides == 2 ? CountPairs(merged) : CountAll(merged);
            return;
        }
        var slots = (nuint)(merged.Rows / RowsPerCode) * Lanes;
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

    // What is asked most: each row is read once.
    private static long CountPairs(MergeBuffers merged)
    {
        ref var highWords = ref merged.High(0);
        ref var lowWords = ref merged.Low(0);
        var count = TLanes.All(0);
        var (highBefore, lowBefore) = (TLanes.Load(ref highWords, 0), TLanes.Load(ref lowWords, 0));
        for (var index = Lanes; index < (nuint)merged.Rows * Lanes; index += Lanes)
        {
            var (high, low) = (TLanes.Load(ref highWords, index), TLanes.Load(ref lowWords, index));
            count = TLanes.Subtract(count, Matches<TLanes, T>.OfTwo(high, low, highBefore, lowBefore));
            (highBefore, lowBefore) = (high, low);
        }
        return (long)TLanes.Sum(count);
    }

    // For every two rows the cell of the person who ends there, or none.
    private void FindCells(MergeBuffers merged, ref byte target)
    {
        for (var row = 0; row < merged.Rows; row += RowsPerCode)
        {
            var cell = CellAt(merged, row);
            if (RowsPerCode == 2)
            {
                cell = TLanes.Min(cell, CellAt(merged, row + 1));
            }
            TLanes.StoreCodes(cell, ref target, (nuint)(row / RowsPerCode) * Lanes, codeSize);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T CellAt(MergeBuffers merged, int row)
    {
        if (row < sides - 1)
        {
            return TLanes.All(NoCell);
        }
        ref var high = ref merged.High(0);
        ref var low = ref merged.Low(0);
        var index = (nuint)row * Lanes;
        var element = TLanes.Load(ref low, index);
        var isMatch = Matches<TLanes, T>.Of(ref high, ref low, index, sides, element);
        return TLanes.Select(isMatch, Matches<TLanes, T>.CellOf(ref low, index, sides, element), TLanes.All(NoCell));
    }
}
