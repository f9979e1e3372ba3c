using System.Numerics;
using System.Runtime.InteropServices;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Sketches in echelon form: each row has a bit, its pivot, which no later row has. Every combination (exclusive or) of the sketches that
/// has no pivot bit is empty, so a sketch reduced by the rows shows its difference from the nearest combination, as long as none of the
/// differing persons has a pivot bit.
/// </summary>
/// <param name="mostRows">The most rows; a combination has a bit for each.</param>
internal sealed class InformationSet(int mostRows)
{
    private readonly int comboWords = (mostRows + 63) / 64;
    private readonly List<int> pivots = [];
    private readonly List<ulong[]> rows = [];
    private readonly List<ulong[]> combos = [];

    /// <summary>The pivot of each row.</summary>
    public IReadOnlyList<int> Pivots => pivots;

    /// <summary>Reduces a sketch by all rows. Time and the order of accesses do not depend on its bits.</summary>
    /// <returns>The difference from a combination, and the rows' sketches that are in this combination.</returns>
    public (ulong[] Residue, ulong[] Combination) Reduce(ReadOnlySpan<ulong> sketch)
    {
        var (residue, combination) = (sketch.ToArray(), new ulong[comboWords]);
        for (var row = 0; row < rows.Count; row++)
        {
            var mask = unchecked(0 - ((residue[pivots[row] / 64] >> (pivots[row] % 64)) & 1));
            AddMasked(residue, rows[row], mask);
            AddMasked(combination, combos[row], mask);
        }
        return (residue, combination);
    }

    /// <summary>Adds a reduced sketch as a row.</summary>
    /// <param name="residue">The sketch, reduced by all rows.</param>
    /// <param name="combination">The combination of the reduction.</param>
    /// <param name="pivot">One of the bits of <paramref name="residue"/>.</param>
    public void Add(ulong[] residue, ulong[] combination, int pivot)
    {
        var combo = (ulong[])combination.Clone();
        combo[rows.Count / 64] ^= 1UL << (rows.Count % 64);
        rows.Add(residue);
        combos.Add(combo);
        pivots.Add(pivot);
    }

    /// <summary>Removes all rows from a number on.</summary>
    public void Truncate(int count)
    {
        rows.RemoveRange(count, rows.Count - count);
        combos.RemoveRange(count, combos.Count - count);
        pivots.RemoveRange(count, pivots.Count - count);
    }

    private static void AddMasked(ulong[] target, ulong[] source, ulong mask)
    {
        var wide = MemoryMarshal.Cast<ulong, Vector<ulong>>(target.AsSpan());
        var added = MemoryMarshal.Cast<ulong, Vector<ulong>>(source.AsSpan());
        var all = new Vector<ulong>(mask);
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] ^= added[i] & all;
        }
        for (var i = wide.Length * Vector<ulong>.Count; i < target.Length; i++)
        {
            target[i] ^= source[i] & mask;
        }
    }
}
