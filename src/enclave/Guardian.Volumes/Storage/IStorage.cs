namespace Guardian.Volumes.Storage;

/// <summary>The bytes of a container, as the untrusted host keeps them. Every failure is an <see cref="IOException"/>. Reads and writes of different ranges may run at once.</summary>
internal interface IStorage : IDisposable
{
    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>Reads exactly the buffer's size; less is a failure.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes. What is written is safe after <see cref="Sync"/> only, and until then in any order or not at all.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Cuts, or lengthens with zeros.</summary>
    void SetSize(long size);

    /// <summary>Makes a range read as zeros, and gives its room back where that is possible.</summary>
    void Clear(long offset, long size);

    /// <summary>Returns when everything written is safe.</summary>
    void Sync();
}
