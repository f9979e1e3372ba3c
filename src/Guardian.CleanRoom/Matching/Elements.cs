namespace Guardian.CleanRoom;

/// <summary>
/// What the match network sorts: 128 bits, of which 112 are the tag and 16 say what the scan needs to know. Elements are ordered by their high word alone.
/// That is enough: ingest sees to it that a high word stands at most once in a data set, so that equal ones come from different sides and lie side by
/// side, and the scan compares all 112 bits.
/// </summary>
internal static class Elements
{
    /// <summary>Set when the row does not satisfy the predicates of its side, and in empty slots.</summary>
    public const ulong FailBit = 0x8000;

    /// <summary>The row's part of its cell.</summary>
    public const ulong CodeMask = 0x7FFF;

    /// <summary>Everything but the tag.</summary>
    public const ulong PayloadMask = 0xFFFF;

    /// <summary>Both words of an empty slot; no tag has it as its high word.</summary>
    public const ulong Empty = ulong.MaxValue;
}
