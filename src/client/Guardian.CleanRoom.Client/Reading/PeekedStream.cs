using System.Text;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>A stream whose first bytes were looked at, so that its format shows even where it cannot seek. Disposes the inner stream.
/// </summary>
internal sealed class PeekedStream : Stream
{
    private readonly Stream inner;
    private readonly byte[] first = new byte[4];
    private readonly int count;
    private int position;

    public PeekedStream(Stream inner)
    {
        this.inner = inner;
        count = inner.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
    }

    /// <summary>Whether the content is packed with gzip (RFC 1952, section 2.3.1).</summary>
    public bool IsGzip => First.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);

    /// <summary>Whether the content is Parquet.</summary>
    public bool IsParquet => First.SequenceEqual("PAR1"u8);

    /// <summary>Whether the content is a zip archive, as Excel's workbooks are.</summary>
    public bool IsZip => First.SequenceEqual((ReadOnlySpan<byte>)[0x50, 0x4B, 3, 4]);

    /// <summary>The form of the content, for people, if it is one that is not read; null if it is not known.</summary>
    public string? Foreign => First switch
    {
        [0x28, 0xB5, 0x2F, 0xFD] => "packed with Zstandard",
        [0xFD, (byte)'7', (byte)'z', (byte)'X'] => "packed with xz",
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9'] => "packed with bzip2",
        [0xD0, 0xCF, 0x11, 0xE0] => "a workbook of an old Excel (.xls)",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F'] => "a PDF",
        [(byte)'P', (byte)'A', (byte)'R', (byte)'E'] => "encrypted Parquet",
        [(byte)'A', (byte)'R', (byte)'R', (byte)'O'] => "in Arrow's format (Feather)",
        [(byte)'O', (byte)'b', (byte)'j', 1] => "in the format Avro",
        [(byte)'O', (byte)'R', (byte)'C', _] => "in the format ORC",
        _ => null,
    };

    /// <summary>The encoding of a text without a byte order mark: every second byte of UTF-16 is zero where people write headers.</summary>
    public Encoding? Utf16 => First switch
    {
        [> 0, 0, > 0, 0] => Encoding.Unicode,
        [0, > 0, 0, > 0] => Encoding.BigEndianUnicode,
        _ => null,
    };

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private ReadOnlySpan<byte> First => first.AsSpan(0, count);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var left = First[position..];
        if (left.IsEmpty)
        {
            return inner.Read(buffer);
        }
        left = left[..Math.Min(left.Length, buffer.Length)];
        left.CopyTo(buffer);
        position += left.Length;
        return left.Length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
