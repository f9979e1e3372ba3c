using System.Net.Sockets;

namespace Guardian.Node.Relay;

/// <summary>The relay's settings.</summary>
internal sealed record RelaySettings
{
    /// <summary>The path of libvirtd's socket.</summary>
    public required string Upstream { get; init; }

    /// <summary>The users that may connect, by number. Access to libvirtd is as powerful as root, so the list is short.</summary>
    public required IReadOnlySet<uint> Users { get; init; }
}

/// <summary>
/// Stands between nova-compute and libvirtd. Everything passes unchanged, except the calls that define or move a guest with EPC.
/// </summary>
/// <param name="listener">A bound and listening unix socket.</param>
/// <param name="settings">The settings.</param>
/// <param name="makeInspector">Makes the inspector of one connection's calls.</param>
/// <param name="makeObserver">Makes the observer of one connection's definitions.</param>
/// <param name="log">Receives a line for each event that an operator may want to know.</param>
/// <remarks>
/// Each connection has two threads of its own that block in reads and writes. That is the shortest way for a byte, and a peer that stops
/// reading delays nobody else.
/// </remarks>
internal sealed class RelayServer(
    Socket listener, RelaySettings settings, Func<IDefinitionObserver, IFrameInspector> makeInspector,
    Func<IDefinitionObserver> makeObserver, Action<string> log) : IDisposable
{
    private readonly Lock gate = new();
    private readonly HashSet<RelayConnection> connections = [];
    private bool isDisposed;

    /// <summary>The number of open connections.</summary>
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

    /// <summary>Serves until it is disposed.</summary>
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
                // The client is gone already, or the process has no free descriptor at the moment.
                Thread.Sleep(10);
                continue;
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return;
            }
            if (TryReadPeer(client) is not { } peer || !TryMakeRoom(peer))
            {
                client.Dispose();
                continue;
            }
            StartConnection(client, peer.UserId);
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

    private PeerCredentials? TryReadPeer(Socket client)
    {
        try
        {
            var peer = PeerCredentials.Read(client);
            if (settings.Users.Contains(peer.UserId))
            {
                return peer;
            }
            log($"refused a connection of user {peer.UserId} (process {peer.ProcessId}), who is not allowed here");
        }
        catch (SocketException failure)
        {
            log($"refused a connection whose user is unknown: {failure.Message}");
        }
        return null;
    }

    // No connection is closed while there is room.
    private bool TryMakeRoom(PeerCredentials peer)
    {
        RelayConnection victim;
        lock (gate)
        {
            if (connections.Count < ConnectionShares.MaxConnections)
            {
                return true;
            }
            RelayConnection[] open = [.. connections];
            if (ConnectionShares.FindVictim([.. open.Select(known => (known.User, known.IdleTime))], peer.UserId) is not { } index)
            {
                log($"refused a connection of process {peer.ProcessId}: {open.Length} are open");
                return false;
            }
            victim = open[index];
            connections.Remove(victim);
        }
        log($"closed a connection of user {victim.User}, idle for {victim.IdleTime.TotalSeconds:0} s, in favour of user {peer.UserId}");
        victim.Dispose();
        return true;
    }

    private void StartConnection(Socket client, uint user)
    {
        var observer = makeObserver();
        var connection = new RelayConnection(client, user, settings.Upstream, makeInspector(observer), observer, log);
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
