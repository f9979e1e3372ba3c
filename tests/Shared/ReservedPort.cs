using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Guardian.Tests;

/// <summary>Reserves ports of loopback while the tests run, for programs that need a fixed port.</summary>
internal static class ReservedPort
{
    private static readonly ConcurrentBag<Socket> Reserved = [];

    /// <summary>Reserves a port. The system gives it to no program that asks for a free port. While no program listens on it, connections
    /// are refused.</summary>
    public static int Reserve()
    {
        // A bound socket reserves the port without listening. A program that names the port can listen on it nevertheless, because the
        // base library's sockets allow the reuse of their address.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Reserved.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
