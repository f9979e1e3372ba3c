namespace Guardian.CleanRoom;

/// <summary>
/// What the match network sorts: 128 bits, of which 112 are the tag and 16 say what the scan needs to know. Bit 15 is the side, so that of two
/// equal tags the first side's comes first.
/// </summary>
internal static class Elements
{
    /// <summary>Set on the second side.</summary>
    public const ulong SideBit = 0x8000;

    /// <summary>Set when the row satisfies the predicates of its side.</summary>
    public const ulong PassBit = 0x4000;

    /// <summary>The row's part of its cell or arm.</summary>
    public const ulong CodeMask = 0x3FFF;

    /// <summary>Everything but the tag.</summary>
    public const ulong PayloadMask = 0xFFFF;

    /// <summary>High word of an empty slot; no tag has it.</summary>
    public const ulong EmptyHigh = ulong.MaxValue;

    /// <summary>Low word of an empty slot, on either side: two of them are never of different sides, so they never match, and they pass nothing.</summary>
    public const ulong EmptyLow = ulong.MaxValue & ~(SideBit | PassBit);
}
