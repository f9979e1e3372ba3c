using System.Text;

namespace Guardian.Cli.Inputs;

/// <summary>Keeps the last bytes that are written, so that its memory is bounded.</summary>
/// <param name="size">The number of bytes that are kept.</param>
internal sealed class TailStream(int size) : Stream
{
    private byte[] kept = [];
    private int count;

    /// <summary>Whether bytes were dropped.</summary>
    public bool IsCut { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The bytes as text; from the beginning of a line if the ones before were dropped.</summary>
    public string ReadText()
    {
        var tail = kept.AsSpan(0, count);
        return Encoding.UTF8.GetString(IsCut ? tail[(tail.IndexOf((byte)'\n') + 1)..] : tail);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > size)
        {
            buffer = buffer[^size..];
            IsCut = true;
        }
        var room = size - buffer.Length;
        if (count > room)
        {
            kept.AsSpan(count - room, room).CopyTo(kept);
            (count, IsCut) = (room, true);
        }
        if (kept.Length < count + buffer.Length)
        {
            Array.Resize(ref kept, Math.Min(size, Math.Max(4096, 2 * (count + buffer.Length))));
        }
        buffer.CopyTo(kept.AsSpan(count));
        count += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // It may hold what was decrypted.
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(kept);
        base.Dispose(disposing);
    }
}
