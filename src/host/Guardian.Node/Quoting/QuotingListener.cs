using System.Net.Sockets;
using Guardian.ComputeHost.Quoting;
using Guardian.Files.Native;
using Guardian.Node.Relay;

namespace Guardian.Node.Quoting;

/// <summary>The socket of a quoting service: vsock for guests, or a socket in the file system.</summary>
internal sealed class QuotingListener : IDisposable
{
    private readonly SafeSocketHandle? virtualSocket;
    private readonly Socket? socket;

    private QuotingListener(SafeSocketHandle? virtualSocket, Socket? socket) => (this.virtualSocket, this.socket) = (virtualSocket, socket);

    /// <summary>Listens on an address.</summary>
    /// <exception cref="IOException">The address is in use, or the kernel has no vsock.</exception>
    public static QuotingListener Open(QuotingAddress address)
    {
        if (address.Path is not { } path)
        {
            return new QuotingListener(VirtualSocket.Listen(address.Cid, address.Port), null);
        }
        try
        {
            return new QuotingListener(null, RelayListener.Bind(path));
        }
        catch (SocketException failure)
        {
            throw new IOException($"cannot listen on {path}: {failure.Message}", failure);
        }
    }

    /// <summary>Waits for a connection.</summary>
    /// <returns>The connection, and a name of its other end: a guest's CID, or a user.</returns>
    /// <exception cref="IOException">The socket was closed.</exception>
    public (Socket Connection, string Peer) Accept()
    {
        if (virtualSocket is not null)
        {
            var (connection, cid) = VirtualSocket.Accept(virtualSocket);
            return (connection, $"guest {cid}");
        }
        try
        {
            var connection = socket!.Accept();
            return (connection, $"user {PeerCredentials.Read(connection).UserId}");
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    public void Dispose()
    {
        virtualSocket?.Dispose();
        socket?.Dispose();
    }
}
