using System.Net.Sockets;
using Guardian.Libvirt.Rpc;

namespace Guardian.Bench.Relay;

/// <summary>A libvirt client with several pending calls on one connection, as nova-compute's threads have them.</summary>
internal sealed class BenchClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
    private byte[] buffer = new byte[64 * 1024];
    private uint serial;

    public BenchClient(string path)
    {
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Call(RemoteProcedure.AuthList, []);
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().WriteOptionalString("qemu:///system").WriteUInt32(0).ToArray());
    }

    public void Call(RemoteProcedure procedure, byte[] arguments)
    {
        Send(procedure, arguments);
        Receive();
    }

    /// <summary>Repeats a call, with some calls always pending.</summary>
    public void Stream(RemoteProcedure procedure, byte[] arguments, int calls, int pending)
    {
        for (var i = 0; i < calls + pending; i++)
        {
            if (i < calls)
            {
                Send(procedure, arguments);
            }
            if (i >= pending)
            {
                Receive();
            }
        }
    }

    public void Dispose() => socket.Dispose();

    /// <summary>Makes a call whose reply comes later: see <see cref="ReceiveAny"/>.</summary>
    public void Send(RemoteProcedure procedure, byte[] arguments)
    {
        var call = new RpcHeader(
            0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, ++serial, RpcStatus.Ok);
        ReadOnlySpan<byte> frame = call.MakeFrame(arguments);
        while (!frame.IsEmpty)
        {
            frame = frame[socket.Send(frame)..];
        }
    }

    /// <summary>Receives the next reply, also an error.</summary>
    public void ReceiveAny() => ReceiveFrame();

    private void Receive()
    {
        var header = ReceiveFrame();
        if (header.Status != RpcStatus.Ok)
        {
            var error = RpcError.Read(buffer.AsSpan(RpcHeader.Size, (int)header.Length - RpcHeader.Size));
            throw new InvalidOperationException(error.Message);
        }
    }

    private RpcHeader ReceiveFrame()
    {
        Fill(RpcHeader.Size, 0);
        RpcHeader.TryRead(buffer, out var header);
        if (buffer.Length < header.Length)
        {
            Array.Resize(ref buffer, (int)header.Length);
        }
        Fill((int)header.Length, RpcHeader.Size);
        return header;
    }

    private void Fill(int size, int from)
    {
        while (from < size)
        {
            var count = socket.Receive(buffer.AsSpan(from, size - from));
            from += count > 0 ? count : throw new InvalidOperationException("the connection was closed");
        }
    }
}
