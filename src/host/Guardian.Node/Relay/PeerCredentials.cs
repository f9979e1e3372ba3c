using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guardian.Node.Relay;

/// <summary>The process at the other end of a unix socket, as the kernel recorded it when it connected.</summary>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    // struct ucred: int32 pid | uint32 uid | uint32 gid, in the machine's byte order (unix(7))
    private const int Size = 12;

    /// <summary>Reads the credentials.</summary>
    /// <exception cref="SocketException">The socket is closed, or not a unix socket.</exception>
    public static PeerCredentials Read(Socket socket)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var size = socket.GetRawSocketOption(SolSocket, SoPeerCred, bytes);
        return size == Size
            ? new PeerCredentials(
                MemoryMarshal.Read<int>(bytes), MemoryMarshal.Read<uint>(bytes[4..]), MemoryMarshal.Read<uint>(bytes[8..]))
            : throw new SocketException((int)SocketError.OperationNotSupported);
    }
}
