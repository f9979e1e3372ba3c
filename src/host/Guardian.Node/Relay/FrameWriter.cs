using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>Writes to one side of a connection. Two threads may write; what one of them began of a frame it ends before the other's turn.</summary>
internal sealed class FrameWriter(Socket socket)
{
    private readonly Lock turn = new();

    /// <summary>Writes bytes that start where a frame starts, or go on where the last ones of the same thread ended.</summary>
    /// <param name="endsFrame">Whether the last byte ends a frame, so that another thread may write.</param>
    public void Write(ReadOnlySpan<byte> bytes, bool endsFrame)
    {
        if (!turn.IsHeldByCurrentThread)
        {
            turn.Enter();
        }
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[socket.Send(bytes)..];
            }
        }
        finally
        {
            if (endsFrame)
            {
                turn.Exit();
            }
        }
    }

    /// <summary>Writes whole frames; none when there are no bytes.</summary>
    public void WriteFrames(ReadOnlySpan<byte> frames)
    {
        if (!frames.IsEmpty)
        {
            Write(frames, endsFrame: true);
        }
    }

    /// <summary>Gives the turn back when the frame will never be ended; the socket is useless then.</summary>
    public void Abandon()
    {
        if (turn.IsHeldByCurrentThread)
        {
            turn.Exit();
        }
    }
}
