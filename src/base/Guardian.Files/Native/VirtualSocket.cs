using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>Sockets between a virtual machine and its host (vsock(7)), which the base library cannot make.</summary>
[SupportedOSPlatform("linux")]
internal static class VirtualSocket
{
    /// <summary>Every address of this machine, for listening.</summary>
    public const uint AnyCid = uint.MaxValue;

    private const int Family = 40;
    private const int Stream = 1;
    private const int Backlog = 64;

    // SOCK_CLOEXEC
    private const int CloseOnExec = 0x80000;

    /// <summary>Listens on a port.</summary>
    /// <returns>The socket; <see cref="Accept"/> takes its connections.</returns>
    /// <exception cref="IOException">The kernel has no vsock, or the port is in use.</exception>
    public static SafeSocketHandle Listen(uint cid, uint port) => Open(cid, port, (int socket, in Libc.VsockAddress address) =>
    {
        Check(Libc.Bind(socket, address, Marshal.SizeOf<Libc.VsockAddress>()), $"cannot bind vsock port {port}");
        Check(Libc.ListenOn(socket, Backlog), $"cannot listen on vsock port {port}");
    });

    /// <summary>Connects to a port of the host or of a guest.</summary>
    /// <exception cref="IOException">The kernel has no vsock, or nothing listens there.</exception>
    public static Socket Connect(uint cid, uint port) => new(Open(cid, port, (int socket, in Libc.VsockAddress address) =>
        Check(Libc.ConnectTo(socket, address, Marshal.SizeOf<Libc.VsockAddress>()), $"cannot connect to vsock {cid}:{port}")));

    /// <summary>Waits for a connection.</summary>
    /// <returns>The connection, and the CID of its other end.</returns>
    /// <exception cref="IOException">The socket was closed.</exception>
    public static (Socket Connection, uint Cid) Accept(SafeSocketHandle listener)
    {
        var size = Marshal.SizeOf<Libc.VsockAddress>();
        Libc.VsockAddress peer = default;
        int descriptor;
        do
        {
            descriptor = Libc.AcceptFrom((int)listener.DangerousGetHandle(), ref peer, ref size, CloseOnExec);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        Check(descriptor, "cannot accept a connection");
        return (new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), peer.Cid);
    }

    private delegate void Use(int socket, in Libc.VsockAddress address);

    private static SafeSocketHandle Open(uint cid, uint port, Use use)
    {
        var descriptor = Libc.OpenSocket(Family, Stream | CloseOnExec, 0);
        Check(descriptor, "this kernel has no vsock");
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            use(descriptor, new Libc.VsockAddress { Family = Family, Port = port, Cid = cid });
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static void Check(int result, string problem)
    {
        if (result < 0)
        {
            throw new IOException($"{problem}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }
}
