using System.Globalization;
using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>Opens the socket on which the relay listens.</summary>
internal static class RelayListener
{
    // The first descriptor that systemd passes (sd_listen_fds(3)).
    private const int FirstDescriptor = 3;

    private const int Backlog = 128;

    /// <summary>Takes over the socket of systemd's socket activation; null when there is none.</summary>
    public static Socket? InheritFromSystemd() =>
        Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
        && Environment.GetEnvironmentVariable("LISTEN_FDS") == "1"
            ? new Socket(new SafeSocketHandle(FirstDescriptor, ownsHandle: true))
            : null;

    /// <summary>Makes a socket in the file system; only its owner and group may connect to it.</summary>
    /// <exception cref="SocketException">It cannot be made there, or another process listens there.</exception>
    public static Socket Bind(string path)
    {
        if (File.Exists(path) && new FileInfo(path).Length == 0 && !IsAlive(path))
        {
            // A killed relay left it behind. A file with content is not a socket and may be valuable.
            File.Delete(path);
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsAlive(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
