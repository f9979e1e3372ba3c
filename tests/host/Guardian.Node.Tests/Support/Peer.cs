using System.Net.Sockets;
using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Tests.Support;

/// <summary>One end of a libvirt connection that can send anything.</summary>
internal sealed class Peer(Socket socket) : IDisposable
{
    private uint serial;

    public Socket Socket => socket;

    public static Peer Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 600_000 };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new Peer(socket);
    }

    public byte[] MakeCall(RemoteProcedure procedure, params ReadOnlySpan<byte> payload) => new RpcHeader(
        0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, ++serial, RpcStatus.Ok).MakeFrame(payload);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>Receives the next frame; null when the other end has closed.</summary>
    public byte[]? Receive()
    {
        var frame = new byte[RpcHeader.Size];
        if (!Fill(frame))
        {
            return null;
        }
        RpcHeader.TryRead(frame, out var header);
        Array.Resize(ref frame, (int)header.Length);
        return Fill(frame.AsSpan(RpcHeader.Size)) ? frame : null;
    }

    /// <summary>Makes a call and returns the reply's head and payload.</summary>
    public (RpcHeader Header, byte[] Payload) Call(RemoteProcedure procedure, params ReadOnlySpan<byte> payload)
    {
        Send(MakeCall(procedure, payload));
        var frame = Receive() ?? throw new InvalidOperationException("the connection was closed");
        RpcHeader.TryRead(frame, out var header);
        return (header, frame[RpcHeader.Size..]);
    }

    public void Dispose() => socket.Dispose();

    private bool Fill(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = socket.Receive(bytes);
            if (count == 0)
            {
                return false;
            }
            bytes = bytes[count..];
        }
        return true;
    }
}
