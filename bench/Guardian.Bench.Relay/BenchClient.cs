using System.Net.Sockets;
using Guardian.Node.Libvirt;

namespace Guardian.Bench.Relay;

/// <summary>A libvirt client that keeps several calls under way, as nova-compute's threads do on their one connection.</summary>
internal sealed class BenchClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
    private byte[] buffer = new byte[64 * 1024];
    private uint serial;

    public BenchClient(string path)
    {
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Call(RemoteProcedure.AuthList, []);
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().OptionalString("qemu:///system").UInt32(0).ToArray());
    }

    public void Call(RemoteProcedure procedure, byte[] arguments)
    {
        Send(procedure, arguments);
        Receive();
    }

    /// <summary>Makes the same call again and again, with some always under way.</summary>
    public void Stream(RemoteProcedure procedure, byte[] arguments, int calls, int underWay)
    {
        for (var i = 0; i < calls + underWay; i++)
        {
            if (i < calls)
            {
                Send(procedure, arguments);
            }
            if (i >= underWay)
            {
                Receive();
            }
        }
    }

    public void Dispose() => socket.Dispose();

    private void Send(RemoteProcedure procedure, byte[] arguments)
    {
        ReadOnlySpan<byte> frame = new RpcHeader(0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, ++serial, RpcStatus.Ok).Frame(arguments);
        while (!frame.IsEmpty)
        {
            frame = frame[socket.Send(frame)..];
        }
    }

    private void Receive()
    {
        Fill(RpcHeader.Size, 0);
        RpcHeader.TryRead(buffer, out var header);
        if (buffer.Length < header.Length)
        {
            Array.Resize(ref buffer, (int)header.Length);
        }
        Fill((int)header.Length, RpcHeader.Size);
        if (header.Status != RpcStatus.Ok)
        {
            throw new InvalidOperationException(RpcError.Read(buffer.AsSpan(RpcHeader.Size, (int)header.Length - RpcHeader.Size)).Message);
        }
    }

    private void Fill(int size, int from)
    {
        while (from < size)
        {
            from += socket.Receive(buffer.AsSpan(from, size - from)) is var count and > 0 ? count : throw new InvalidOperationException("the connection was closed");
        }
    }
}
