using System.Net.Sockets;
using Guardian.Node.Libvirt;

namespace Guardian.Node.Relay;

/// <summary>What becomes of a frame that was held.</summary>
/// <param name="Forward">What is passed on in its place; empty when nothing is.</param>
/// <param name="Answer">What goes back to whoever sent it; empty when nothing does.</param>
internal readonly record struct FrameVerdict(ReadOnlyMemory<byte> Forward, ReadOnlyMemory<byte> Answer)
{
    public static FrameVerdict Replace(byte[] frame) => new(frame, default);

    public static FrameVerdict Reply(byte[] frame) => new(default, frame);
}

/// <summary>Decides about the frames of one direction.</summary>
internal interface IFrameInspector
{
    /// <summary>Whether the whole frame is wanted before anything of it is passed on.</summary>
    /// <exception cref="RelayException">The connection cannot go on.</exception>
    bool Holds(RpcHeader header);

    /// <summary>Decides about a held frame; null passes it on as it came.</summary>
    FrameVerdict? Inspect(RpcHeader header, ReadOnlySpan<byte> frame);
}

/// <summary>Ends one connection, and says why.</summary>
internal sealed class RelayException(string message) : Exception(message);

/// <summary>
/// One direction of a connection: passes frames on in their order. A frame that nobody wants to see goes on while it still arrives, so
/// that a connection costs one small buffer however large its frames are.
/// </summary>
internal sealed class FramePump(Socket source, FrameWriter target, FrameWriter back, IFrameInspector inspector)
{
    /// <summary>The largest frame that is held: libvirt's longest string (REMOTE_STRING_MAX) and room for the other arguments.</summary>
    public const uint MaxHeld = 4_194_304 + 4096;

    private const int BufferSize = 64 * 1024;

    private byte[] buffer = new byte[BufferSize];

    // buffer[start..end] has arrived and is not yet passed on; `passing` bytes of the frame in passage are still to come.
    private int start;
    private int end;
    private uint passing;

    /// <summary>Pumps until the source ends or either side fails.</summary>
    /// <exception cref="RelayException">The source broke the protocol.</exception>
    /// <exception cref="SocketException">A side failed.</exception>
    public void Run()
    {
        try
        {
            while (Fill())
            {
                Drain();
            }
        }
        finally
        {
            target.Abandon();
        }
    }

    private bool Fill()
    {
        if (start == end)
        {
            start = end = 0;
            if (buffer.Length > BufferSize)
            {
                buffer = new byte[BufferSize];
            }
        }
        else if (end == buffer.Length && start > 0)
        {
            buffer.AsSpan(start..end).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        else if (end == buffer.Length)
        {
            // Only a held frame fills the buffer. It grows with what arrives, not with what the head promises.
            Array.Resize(ref buffer, Math.Min(2 * buffer.Length, (int)MaxHeld));
        }
        var received = source.Receive(buffer.AsSpan(end));
        end += received;
        return received > 0;
    }

    private void Drain()
    {
        var position = start;
        while (true)
        {
            var passed = (int)Math.Min(passing, (uint)(end - position));
            position += passed;
            passing -= (uint)passed;
            if (passing > 0 || end - position < RpcHeader.Size)
            {
                break;
            }
            if (!RpcHeader.TryRead(buffer.AsSpan(position..end), out var header))
            {
                throw new RelayException($"a frame of {header.Length} bytes");
            }
            if (!inspector.Holds(header))
            {
                passing = header.Length;
                continue;
            }
            if (header.Length > MaxHeld)
            {
                throw new RelayException($"a call of {header.Length} bytes, which no daemon would read");
            }
            Pass(position);
            if ((uint)(end - position) < header.Length)
            {
                break;
            }
            var frame = buffer.AsSpan(position, (int)header.Length);
            if (inspector.Inspect(header, frame) is { } verdict)
            {
                start += frame.Length;
                target.WriteFrames(verdict.Forward.Span);
                back.WriteFrames(verdict.Answer.Span);
            }
            position += frame.Length;
        }
        Pass(position);
    }

    private void Pass(int position)
    {
        if (position > start)
        {
            target.Write(buffer.AsSpan(start..position), endsFrame: passing == 0);
            start = position;
        }
    }
}
