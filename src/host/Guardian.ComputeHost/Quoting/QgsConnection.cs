using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace Guardian.ComputeHost.Quoting;

/// <summary>Reads and writes messages of the quote generation service on a socket, within a limit of time.</summary>
/// <param name="socket">The connection; the caller disposes it.</param>
/// <param name="limit">The time for everything together.</param>
public sealed class QgsConnection(Socket socket, TimeSpan limit)
{
    private readonly long start = Stopwatch.GetTimestamp();

    /// <summary>Reads the bytes of a message.</summary>
    /// <param name="maxSize">The largest message, in bytes.</param>
    /// <returns>The message without its size; null when the other end closed the connection, or announced a message that is empty or too
    /// large.</returns>
    /// <exception cref="SocketException">The connection broke, or the time is over.</exception>
    public byte[]? Read(int maxSize)
    {
        var prefix = new byte[QgsMessage.PrefixSize];
        if (!TryFill(prefix))
        {
            return null;
        }
        var size = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (size < QgsMessage.HeaderSize || size > maxSize)
        {
            return null;
        }
        var message = new byte[size];
        return TryFill(message) ? message : null;
    }

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="SocketException">The connection broke, or the time is over.</exception>
    public void Write(QgsMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var rest = message.ToFrame().AsSpan();
        while (rest.Length > 0)
        {
            socket.SendTimeout = Remaining();
            rest = rest[socket.Send(rest)..];
        }
    }

    private bool TryFill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            socket.ReceiveTimeout = Remaining();
            var read = socket.Receive(buffer);
            if (read == 0)
            {
                return false;
            }
            buffer = buffer[read..];
        }
        return true;
    }

    // A peer that sends one byte at a time gets no longer than one that sends all.
    private int Remaining() => limit - Stopwatch.GetElapsedTime(start) is { } left && left > TimeSpan.Zero
        ? Math.Max(1, (int)left.TotalMilliseconds)
        : throw new SocketException((int)SocketError.TimedOut);
}
