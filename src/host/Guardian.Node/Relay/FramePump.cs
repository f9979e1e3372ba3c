using System.Net.Sockets;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>Passes the frames of one direction of a connection on, in their order.</summary>
/// <param name="source">The socket of the sender.</param>
/// <param name="target">The way to the receiver.</param>
/// <param name="back">The way back to the sender.</param>
/// <param name="inspector">Decides about frames.</param>
/// <param name="held">The frames that wait for a decision.</param>
/// <remarks>
/// A frame that is not inspected goes on while it still arrives, so a connection costs one small buffer however large its frames are.
/// </remarks>
internal sealed class FramePump(Socket source, FrameWriter target, FrameWriter back, IFrameInspector inspector, HeldFrames held)
{
    /// <summary>The largest frame that is held: libvirt's longest string (REMOTE_STRING_MAX) and the other arguments.</summary>
    public const uint MaxHeld = 4_194_304 + 4096;

    private const int BufferSize = 64 * 1024;

    private byte[] buffer = new byte[BufferSize];

    // buffer[start..end] has arrived and is not yet passed on. The frame that passes at present has `passing` more bytes.
    private int start;
    private int end;
    private uint passing;

    /// <summary>Pumps until the source ends or either side fails.</summary>
    /// <exception cref="RefusedException">The source broke the protocol.</exception>
    /// <exception cref="SocketException">A side failed.</exception>
    public void Run()
    {
        try
        {
            while (TryReceive())
            {
                PassFrames();
            }
        }
        finally
        {
            target.ReleaseTurn();
        }
    }

    private bool TryReceive()
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
            // Only a held frame fills the buffer. The buffer grows with the bytes that arrive, not with the length that the head states.
            Array.Resize(ref buffer, Math.Min(2 * buffer.Length, (int)MaxHeld));
        }
        var received = source.Receive(buffer.AsSpan(end));
        end += received;
        return received > 0;
    }

    private void PassFrames()
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
                throw new RefusedException(RelayReasons.BrokenProtocol.Because($"a frame of {header.Length} bytes"));
            }
            if (!inspector.MustHold(header))
            {
                passing = header.Length;
                continue;
            }
            if (header.Length > MaxHeld)
            {
                throw new RefusedException(RelayReasons.BrokenProtocol.Because(
                    $"a call of {header.Length} bytes, which no daemon would read"));
            }
            PassUntil(position);
            if ((uint)(end - position) < header.Length)
            {
                break;
            }
            var frame = buffer.AsSpan(position, (int)header.Length);
            var decision = inspector.InspectAsync(header, frame, held.HasRoom);
            if (!decision.IsCompletedSuccessfully)
            {
                // One that has failed already ends this connection as one that fails later.
                held.Hold(decision, frame.ToArray());
                start += frame.Length;
            }
            else if (decision.Result is { } verdict)
            {
                start += frame.Length;
                target.WriteFrames(verdict.Forward.Span);
                back.WriteFrames(verdict.Answer.Span);
            }
            position += frame.Length;
        }
        PassUntil(position);
    }

    private void PassUntil(int position)
    {
        if (position > start)
        {
            target.Write(buffer.AsSpan(start..position), endsFrame: passing == 0);
            start = position;
        }
    }
}
