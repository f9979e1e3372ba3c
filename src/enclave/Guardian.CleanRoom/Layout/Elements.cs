namespace Guardian.CleanRoom.Layout;

/// <summary>
/// The words that the match network sorts: the upper bits are of the tag, the lowest ones carry information for the scan.
/// </summary>
internal static class Elements
{
    /// <summary>A word without a tag; in a stored group, both words of an empty slot.</summary>
    public const ulong Empty = ulong.MaxValue;

    /// <summary>The most bits of a payload. No two persons of a data set have words that agree in all other bits.</summary>
    public const int PayloadBits = 16;

    /// <summary>The lowest bits: a payload may replace them in a first word, and they are zero in a second word.</summary>
    public const ulong PayloadMask = (1UL << PayloadBits) - 1;
}
