using System.Text;

namespace Guardian.Runtime.Stdio;

/// <summary>A part of a stream: a frame, or a line of another program.</summary>
/// <param name="Frame">The frame; null for a line.</param>
/// <param name="Line">The line without its line feed; empty for a frame.</param>
public readonly record struct StdioPart(StdioFrame? Frame, string Line);

/// <summary>Divides a stream of bytes into frames, in text and in binary, and lines of other programs. Its memory is bounded, whatever the
/// bytes are. Used by one thread at a time.</summary>
public sealed class StdioFrameReader
{
    // Two of the largest frames: a read always finds space behind an incomplete one.
    private readonly byte[] buffer = new byte[2 * StdioFrame.MaxBinarySize];
    private int start;
    private int end;

    // Bytes after the start that are known to hold no line feed.
    private int searched;

    /// <summary>The space for the next bytes of the stream, never empty after <see cref="TryRead"/> returned false. Announce the bytes by
    /// <see cref="Advance"/>.</summary>
    public Memory<byte> Space
    {
        get
        {
            if (start > 0 && buffer.Length - end < StdioFrame.MaxBinarySize)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            return buffer.AsMemory(end);
        }
    }

    /// <summary>Announces that bytes were written to <see cref="Space"/>.</summary>
    /// <param name="count">Their number.</param>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, buffer.Length - end);
        end += count;
    }

    /// <summary>Takes the next part.</summary>
    /// <param name="part">The part.</param>
    /// <returns>False when more bytes of the stream are needed. A line that fills the memory is cut there.</returns>
    public bool TryRead(out StdioPart part)
    {
        part = default;
        var rest = buffer.AsSpan(start, end - start);
        if (rest.IsEmpty)
        {
            return false;
        }
        var mark = Math.Min(rest.Length, StdioFrame.BinaryMark.Length);
        if (rest[..mark].SequenceEqual(StdioFrame.BinaryMark[..mark]))
        {
            if (rest.Length < StdioFrame.BinaryHeaderSize)
            {
                return false;
            }
            if (StdioFrame.TryReadSize(rest) is { } size)
            {
                if (rest.Length < size)
                {
                    return false;
                }
                part = new StdioPart(StdioFrame.TryReadBinary(rest[..size]), "");
                Skip(size);
                return true;
            }
        }
        var at = rest[searched..].IndexOf((byte)'\n');
        if (at < 0)
        {
            searched = rest.Length;
            return rest.Length > StdioFrame.MaxBinarySize && TryFinish(out part);
        }
        part = CreatePart(rest[..(searched + at)]);
        Skip(searched + at + 1);
        return true;
    }

    /// <summary>Takes the bytes that are left at the end of the stream.</summary>
    /// <param name="part">The part.</param>
    /// <returns>False when none are left.</returns>
    public bool TryFinish(out StdioPart part)
    {
        var isAny = end > start;
        part = isAny ? CreatePart(buffer.AsSpan(start, end - start)) : default;
        Skip(end - start);
        return isAny;
    }

    private static StdioPart CreatePart(ReadOnlySpan<byte> line)
    {
        var text = Encoding.UTF8.GetString(line);
        return StdioFrame.TryRead(text) is { } frame ? new StdioPart(frame, "") : new StdioPart(null, text);
    }

    private void Skip(int count)
    {
        start += count;
        searched = 0;
    }
}
