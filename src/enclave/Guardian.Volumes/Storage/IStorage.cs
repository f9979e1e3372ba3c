namespace Guardian.Volumes.Storage;

/// <summary>The bytes of a container, as the untrusted host keeps them. Every failure is an <see cref="IOException"/>.
/// Reads and writes of different ranges may run at the same time.</summary>
internal interface IStorage : IDisposable
{
    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>Fills the whole buffer.</summary>
    /// <exception cref="EndOfStreamException">The container ends before the buffer is full.</exception>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes. The data is safe only after <see cref="Sync"/>; until then it may reach the disk in any order, or not at
    /// all.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Shortens the container.</summary>
    void SetSize(long size);

    /// <summary>Reserves the space of a range on the disk where that is possible, and extends the container with zeros to the range's
    /// end.</summary>
    void Reserve(long offset, long size);

    /// <summary>Makes a range read as zeros, and releases its space on the disk where that is possible.</summary>
    void Clear(long offset, long size);

    /// <summary>Returns when everything written is safe.</summary>
    void Sync();
}
