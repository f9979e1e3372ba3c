using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Guardian.Tests;

/// <summary>Ports of loopback for programs that must be told theirs, for as long as the tests run.</summary>
internal static class ReservedPort
{
    private static readonly ConcurrentBag<Socket> Kept = [];

    /// <summary>A port that nobody else gets, of those who ask for any, also while nobody listens on it: connections are refused then.</summary>
    public static int Take()
    {
        // Bound, but not listening: the system gives the port to nobody else, and lets those listen who name it, for the base library's sockets allow their address to be used again.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Kept.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
