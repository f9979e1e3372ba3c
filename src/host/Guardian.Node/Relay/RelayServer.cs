using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>What the relay needs to serve.</summary>
internal sealed record RelaySettings
{
    /// <summary>Path of libvirtd's socket.</summary>
    public required string Upstream { get; init; }

    /// <summary>The users that may connect, by number. Whoever speaks to libvirtd is as good as root, so the list is short.</summary>
    public required IReadOnlySet<uint> Users { get; init; }
}

/// <summary>
/// Stands between nova-compute and libvirtd: passes everything on unchanged but the calls that define or move a guest with EPC. Each connection has two
/// threads of its own that block in reads and writes: the shortest way for a byte, and a peer that stops reading stops nobody else.
/// </summary>
/// <param name="listener">A bound and listening unix socket.</param>
/// <param name="inspectors">Makes what looks at the calls of one connection.</param>
/// <param name="log">Receives a line for each thing an operator may want to know.</param>
internal sealed class RelayServer(Socket listener, RelaySettings settings, Func<GuestCalls> inspectors, Action<string> log) : IDisposable
{
    // Nova-compute holds one connection, an operator's virsh a few. Each costs two threads; the cap keeps a mistake in a loop from taking the host's memory.
    private const int MaxConnections = 128;

    private readonly Lock gate = new();
    private readonly HashSet<RelayConnection> connections = [];
    private bool isDisposed;

    /// <summary>How many connections are open.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (gate)
            {
                return connections.Count;
            }
        }
    }

    /// <summary>Serves until disposed.</summary>
    public void Run()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = listener.Accept();
            }
            catch (SocketException) when (!isDisposed)
            {
                // A client that is gone already, or no descriptors left for a moment.
                Thread.Sleep(10);
                continue;
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return;
            }
            if (FindObjection(client) is { } objection)
            {
                log(objection);
                client.Dispose();
                continue;
            }
            Start(client);
        }
    }

    public void Dispose()
    {
        RelayConnection[] open;
        lock (gate)
        {
            isDisposed = true;
            open = [.. connections];
        }
        listener.Dispose();
        foreach (var connection in open)
        {
            connection.Dispose();
        }
    }

    private string? FindObjection(Socket client)
    {
        PeerCredentials peer;
        try
        {
            peer = PeerCredentials.Of(client);
        }
        catch (SocketException failure)
        {
            return $"refused a connection whose user is unknown: {failure.Message}";
        }
        return !settings.Users.Contains(peer.UserId) ? $"refused a connection of user {peer.UserId} (process {peer.ProcessId}), who is not allowed here"
            : ConnectionCount >= MaxConnections ? $"refused a connection of process {peer.ProcessId}: {MaxConnections} are open"
            : null;
    }

    private void Start(Socket client)
    {
        var connection = new RelayConnection(client, settings.Upstream, inspectors(), log);
        connection.Closed += () =>
        {
            lock (gate)
            {
                connections.Remove(connection);
            }
        };
        lock (gate)
        {
            if (isDisposed)
            {
                connection.Dispose();
                return;
            }
            connections.Add(connection);
        }
        connection.Start();
    }
}
