using System.Globalization;
using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>The socket the relay listens on.</summary>
internal static class RelayListener
{
    // The first descriptor that systemd hands over (sd_listen_fds(3)).
    private const int FirstDescriptor = 3;

    private const int Backlog = 128;

    /// <summary>The socket of systemd's socket activation, or null when there is none.</summary>
    public static Socket? FromSystemd() =>
        Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
        && Environment.GetEnvironmentVariable("LISTEN_FDS") == "1"
            ? new Socket(new SafeSocketHandle(FirstDescriptor, ownsHandle: true))
            : null;

    /// <summary>A new socket in the file system that only its owner and group may connect to.</summary>
    /// <exception cref="SocketException">It cannot be made there, or another process listens there.</exception>
    public static Socket Bind(string path)
    {
        if (File.Exists(path) && new FileInfo(path).Length == 0 && !IsAlive(path))
        {
            // What a killed relay left behind. A file with content is somebody's, and no socket.
            File.Delete(path);
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
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
