using System.Net.Sockets;
using System.Text;

namespace Guardian.Cli.Installation;

/// <summary>Tells systemd how far a service has come (sd_notify(3)). Does nothing outside a unit with Type=notify.</summary>
internal static class SystemdNotify
{
    /// <summary>The variable with the address of systemd's socket. It is for this process alone, not for its children.</summary>
    public const string Variable = "NOTIFY_SOCKET";

    /// <summary>Says what the service does now.</summary>
    public static void SendStatus(string status) => Send($"STATUS={status.ReplaceLineEndings(" ")}");

    /// <summary>Says that the service is ready.</summary>
    public static void SendReady(string status) => Send($"READY=1\nSTATUS={status.ReplaceLineEndings(" ")}");

    /// <summary>Says that the service ends.</summary>
    public static void SendStopping() => Send("STOPPING=1");

    private static void Send(string message)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 1 } path || path[0] is not ('/' or '@'))
        {
            return;
        }
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // An at sign stands for the zero byte of an abstract address.
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path));
        }
        catch (SocketException)
        {
            // The service runs whether or not systemd hears of it.
        }
    }
}
