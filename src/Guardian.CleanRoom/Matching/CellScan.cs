using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom;

/// <summary>Counts matched persons who pass on both sides, by cell. Every counter is touched for every element.</summary>
internal sealed class CellScan(int cells) : IScan
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    // No cell has this number.
    private const ulong NoCell = ushort.MaxValue;

    private ushort[] found = [];

    /// <summary>Persons by cell.</summary>
    public long[] Counts { get; } = new long[cells];

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<ulong> high, ReadOnlySpan<ulong> low, ReadOnlySpan<ulong> values)
    {
        if (found.Length != high.Length)
        {
            found = new ushort[high.Length];
        }
        FindCells(high, low);
        CountCells();
    }

    // For each element the cell of its match with the one before, or none.
    private void FindCells(ReadOnlySpan<ulong> high, ReadOnlySpan<ulong> low)
    {
        unchecked
        {
            found.AsSpan(0, Lanes).Fill((ushort)NoCell);
            for (var i = Lanes; i < high.Length; i++)
            {
                var isPair = MatchMask.Of(high[i - Lanes], low[i - Lanes], high[i], low[i]);
                var cell = (low[i - Lanes] & Elements.CodeMask) + (low[i] & Elements.CodeMask);
                found[i] = (ushort)((cell & isPair) | (NoCell & ~isPair));
            }
        }
    }

    private void CountCells()
    {
        var vectors = MemoryMarshal.Cast<ushort, Vector512<ushort>>(found.AsSpan());
        for (var cell = 0; cell < Counts.Length; cell++)
        {
            var wanted = Vector512.Create((ushort)cell);
            var count = 0;
            foreach (ref readonly var vector in vectors)
            {
                count += BitOperations.PopCount(Vector512.Equals(vector, wanted).ExtractMostSignificantBits());
            }
            Counts[cell] += count;
        }
    }
}

/// <summary>Whether an element matches the one before it and both pass.</summary>
internal static class MatchMask
{
    /// <summary>All ones when both have the same tag, are of different sides, and pass; else zero. Without a branch.</summary>
    public static ulong Of(ulong highBefore, ulong lowBefore, ulong high, ulong low)
    {
        unchecked
        {
            // Zero exactly when the tags are equal, the side bits differ, and both pass bits are set.
            var difference = (high ^ highBefore) | (((low ^ lowBefore) & ~(Elements.PassBit | Elements.CodeMask)) ^ Elements.SideBit)
                | (~(low & lowBefore) & Elements.PassBit);
            // The top bit of (x | -x) is set when x is not zero.
            return (ulong)~((long)(difference | (0UL - difference)) >> 63);
        }
    }
}
