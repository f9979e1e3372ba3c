namespace Guardian.Volumes.Format;

/// <summary>The sizes that all parts of the format share.</summary>
internal static class Page
{
    /// <summary>Bytes of a page, a node and a slot.</summary>
    public const int Size = 4096;

    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkSize = Size * RecordPointer.MaxPages;

    /// <summary>How many pages hold a number of bytes.</summary>
    public static long CountFor(ulong size) => (long)((size + Size - 1) / Size);
}
