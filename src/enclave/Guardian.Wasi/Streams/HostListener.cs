using System.Net;
using System.Net.Sockets;
using Guardian.Files;
using Guardian.Files.Native;

namespace Guardian.Wasi.Streams;

/// <summary>A plain listening TCP socket of the host, without encryption.</summary>
public sealed class HostListener : IGuestListener
{
    private readonly Socket socket;

    private HostListener(Socket socket) => this.socket = socket;

    /// <summary>The address that it listens on.</summary>
    public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Starts to listen.</summary>
    /// <param name="address">The address; port 0 for any free port.</param>
    /// <exception cref="SocketException">The address is taken or does not belong to this machine.</exception>
    public static HostListener Listen(IPEndPoint address)
    {
        ArgumentNullException.ThrowIfNull(address);
        const int backlog = 128;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(backlog);
            socket.Blocking = false;
            return new HostListener(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public FileError Accept(out IGuestSocket? connection)
    {
        var accepted = Libc.Accept((int)socket.Handle, 0, 0, Libc.CloseOnExec | Libc.NonBlocking);
        connection = accepted < 0 ? null : new HostSocket(accepted);
        return accepted >= 0 ? FileError.Success : Errno.WasInterrupted ? FileError.Again : Errno.LastError;
    }

    /// <inheritdoc/>
    public Readiness AcceptReadiness()
    {
        var descriptor = (int)socket.Handle;
        return Libc.PollNow(descriptor, Libc.In) != 0 ? Readiness.Now() : Readiness.After(descriptor, forWriting: false);
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}

/// <summary>A plain connection of the host. Its descriptor does not block.</summary>
internal sealed class HostSocket(int descriptor) : HostStream(descriptor, FileKind.StreamSocket, isOwned: true), IGuestSocket
{
    private const int PeekFlag = 2;
    private const int NoSignal = 0x4000;

    public override FileError Read(Span<byte> buffer, out int read) => Receive(buffer, 0, out read);

    public FileError Peek(Span<byte> buffer, out int read) => Receive(buffer, PeekFlag, out read);

    public override unsafe FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        fixed (byte* start = data)
        {
            return ToError(Libc.Send(Descriptor, start, (nuint)data.Length, NoSignal), out written);
        }
    }

    public FileError Shutdown(bool reading, bool writing)
    {
        var how = (reading, writing) switch { (true, false) => 0, (false, true) => 1, _ => 2 };
        return Libc.Shutdown(Descriptor, how) == 0 ? FileError.Success : Errno.LastError;
    }

    private unsafe FileError Receive(Span<byte> buffer, int flags, out int read)
    {
        fixed (byte* start = buffer)
        {
            return ToError(Libc.Receive(Descriptor, start, (nuint)buffer.Length, flags), out read);
        }
    }
}
