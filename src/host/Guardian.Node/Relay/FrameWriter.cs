using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>Writes to one side of a connection. Two threads may write; each completes a frame before it lets the other write.</summary>
internal sealed class FrameWriter(Socket socket)
{
    private readonly Lock turn = new();

    /// <summary>Writes bytes that begin a frame, or that continue the last bytes of the same thread.</summary>
    /// <param name="bytes">The bytes.</param>
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

    /// <summary>Writes whole frames; nothing when there are no bytes.</summary>
    public void WriteFrames(ReadOnlySpan<byte> frames)
    {
        if (!frames.IsEmpty)
        {
            Write(frames, endsFrame: true);
        }
    }

    /// <summary>Lets the other thread write although a frame is incomplete; the socket is useless then.</summary>
    public void ReleaseTurn()
    {
        if (turn.IsHeldByCurrentThread)
        {
            turn.Exit();
        }
    }
}
