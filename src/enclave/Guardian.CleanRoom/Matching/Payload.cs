using System.Numerics;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// The lowest bits of a word while it is matched: one bit that excludes the row, and under it the row's part of its cell.
/// </summary>
/// <param name="Cells">Cells of the question; with one cell, parts need no bits.</param>
internal readonly record struct Payload(int Cells)
{
    /// <summary>Set in rows that do not satisfy the conditions of their side, and in empty slots.</summary>
    public ulong FailBit { get; } = 1UL << BitOperations.Log2((uint)Cells) << (BitOperations.IsPow2(Cells) ? 0 : 1);

    /// <summary>The row's part of its cell.</summary>
    public ulong CodeMask => FailBit - 1;

    /// <summary>All bits that are not of the tag.</summary>
    public ulong Mask => (FailBit << 1) - 1;
}
