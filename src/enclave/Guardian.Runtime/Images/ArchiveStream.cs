namespace Guardian.Runtime.Images;

/// <summary>
/// The bytes of an archive for <see cref="System.Formats.Tar.TarReader"/>, which reads a header of any claimed size into memory, and any
/// number of them. Here they end. Content has to be read in pieces.
/// </summary>
/// <param name="archive">The archive; it is disposed with this stream.</param>
/// <param name="maxSize">The most bytes.</param>
public sealed class ArchiveStream(Stream archive, long maxSize) : Stream
{
    /// <summary>The most bytes that one call reads.</summary>
    public const int MaxPiece = 1024 * 1024;

    private long size;

    /// <summary>Bytes that are left of the most.</summary>
    public long Left => maxSize - size;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => archive.CanSeek;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => archive.Length;

    /// <inheritdoc/>
    public override long Position { get => archive.Position; set => archive.Position = value; }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The archive or a header in it is too large.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length > MaxPiece)
        {
            throw new InvalidDataException($"a header of an archive has more than {MaxPiece} bytes");
        }
        var count = archive.Read(buffer);
        size += count;
        return Left >= 0 ? count : throw new InvalidDataException($"an archive holds more than {maxSize} bytes");
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => archive.Seek(offset, origin);

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            archive.Dispose();
        }
        base.Dispose(disposing);
    }
}
