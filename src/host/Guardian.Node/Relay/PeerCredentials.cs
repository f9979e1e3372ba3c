using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guardian.Node.Relay;

/// <summary>Who is at the other end of a unix socket, as the kernel knows it from the moment of connecting.</summary>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    // struct ucred: int32 pid | uint32 uid | uint32 gid, in the machine's byte order (unix(7))
    private const int Size = 12;

    public static PeerCredentials Of(Socket socket)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var size = socket.GetRawSocketOption(SolSocket, SoPeerCred, bytes);
        return size == Size
            ? new PeerCredentials(MemoryMarshal.Read<int>(bytes), MemoryMarshal.Read<uint>(bytes[4..]), MemoryMarshal.Read<uint>(bytes[8..]))
            : throw new SocketException((int)SocketError.OperationNotSupported);
    }
}
