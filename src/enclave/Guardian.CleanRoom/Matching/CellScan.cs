using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>Counts matched persons by cell. Every counter is touched for every element.</summary>
internal sealed class CellScan<TLanes, T>(int sides, int cells) : IScan<long[]> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // No cell has this number, nor its low byte where codes are bytes.
    private const ulong NoCell = ushort.MaxValue;

    private readonly int codeSize = cells <= byte.MaxValue ? 1 : 2;

    // A person of two or more data sets ends at most once in two neighbouring rows, so those rows share a code.
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
        ref var words = ref merged.Word(0);
        var (payload, count) = (merged.Payload, TLanes.All(0));
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            // A mask of all ones is minus one.
            count = TLanes.Subtract(count, Matches<TLanes, T>.Of(ref words, (nuint)row * Lanes, sides, payload));
        }
        return (long)TLanes.Sum(count);
    }

    // The most frequent question: each row is read once.
    private static long CountPairs(MergeBuffers merged)
    {
        ref var words = ref merged.Word(0);
        var (payload, last) = (merged.Payload, (nuint)merged.Rows * Lanes);
        var (count, none, before) = (TLanes.All(0), TLanes.All(0), TLanes.Load(ref words, 0));
        for (var index = Lanes; index < last; index += Lanes)
        {
            var word = TLanes.Load(ref words, index);
            count = TLanes.Subtract(count, TLanes.Equal(Matches<TLanes, T>.FindMismatch(payload, word, before), none));
            before = word;
        }
        return (long)TLanes.Sum(count);
    }

    // Stores the cell of the person who ends in each pair of rows, or none.
    private void FindCells(MergeBuffers merged, ref byte target)
    {
        ref var words = ref merged.Word(0);
        var payload = merged.Payload;
        for (var row = 0; row < merged.Rows; row += RowsPerCode)
        {
            var cell = CellAt(ref words, row, payload);
            if (RowsPerCode == 2)
            {
                cell = TLanes.Min(cell, CellAt(ref words, row + 1, payload));
            }
            TLanes.StoreCodes(cell, ref target, (nuint)(row / RowsPerCode) * Lanes, codeSize);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T CellAt(ref ulong words, int row, Payload payload)
    {
        if (row < sides - 1)
        {
            return TLanes.All(NoCell);
        }
        var index = (nuint)row * Lanes;
        var cell = Matches<TLanes, T>.CellOf(ref words, index, sides, payload);
        return TLanes.Select(Matches<TLanes, T>.Of(ref words, index, sides, payload), cell, TLanes.All(NoCell));
    }
}
