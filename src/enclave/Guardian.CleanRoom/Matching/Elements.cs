using System.Numerics;

namespace Guardian.CleanRoom.Matching;

/// <summary>What the match network sorts: words of 64 bits, of which the upper ones are of the tag and the lowest say what the scan needs to know.</summary>
internal static class Elements
{
    /// <summary>A word without a tag; in a stored group, both words of an empty slot.</summary>
    public const ulong Empty = ulong.MaxValue;

    /// <summary>Bits that a payload has at most: no two persons of a data set have words that agree in all others.</summary>
    public const int PayloadBits = 16;

    /// <summary>The bits that no payload needs to leave free: those of a second word, and the lowest of a first one.</summary>
    public const ulong PayloadMask = (1UL << PayloadBits) - 1;
}

/// <summary>What takes the place of the lowest bits of a word while it is matched: one bit that says the row does not count, and under it the row's part of its cell.</summary>
/// <param name="Cells">Cells of the question; of one, parts need no bits.</param>
internal readonly record struct Payload(int Cells)
{
    /// <summary>Set when the row does not satisfy the predicates of its side, and in empty slots.</summary>
    public ulong FailBit { get; } = 1UL << BitOperations.Log2((uint)Cells) << (BitOperations.IsPow2(Cells) ? 0 : 1);

    /// <summary>The row's part of its cell.</summary>
    public ulong CodeMask => FailBit - 1;

    /// <summary>Everything but the tag.</summary>
    public ulong Mask => (FailBit << 1) - 1;
}
