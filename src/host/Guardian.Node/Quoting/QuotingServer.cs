using System.Net.Sockets;
using Guardian.ComputeHost.Quoting;

namespace Guardian.Node.Quoting;

/// <summary>
/// Serves guests: one request for each connection, as Intel's service does. A guest holds few connections, for a short time.
/// </summary>
/// <param name="listener">The socket; the caller disposes it.</param>
/// <param name="service">Answers messages.</param>
/// <param name="log">Receives a line when accepting fails.</param>
internal sealed class QuotingServer(QuotingListener listener, QuotingService service, Action<string> log)
{
    /// <summary>The connections of one guest at a time.</summary>
    public const int MaxOfPeer = 4;

    /// <summary>The connections of all guests at a time; each costs a thread.</summary>
    public const int MaxConnections = 64;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Dictionary<string, int> open = [];

    /// <summary>Serves until <paramref name="stopping"/> is cancelled and the listener is closed.</summary>
    public void Run(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket connection;
            string peer;
            try
            {
                (connection, peer) = listener.Accept();
            }
            catch (IOException failure)
            {
                if (!stopping.IsCancellationRequested)
                {
                    // Out of descriptors, for example: others give them back.
                    log($"a connection is not accepted: {failure.Message}");
                    stopping.WaitHandle.WaitOne(Pause);
                }
                continue;
            }
            if (TryEnter(peer))
            {
                new Thread(() => Serve(connection, peer)) { IsBackground = true, Name = peer }.Start();
            }
            else
            {
                connection.Dispose();
            }
        }
    }

    private void Serve(Socket connection, string peer)
    {
        try
        {
            using (connection)
            {
                var messages = new QgsConnection(connection, Limit);
                if (messages.Read(QgsMessage.MaxRequestSize) is { } request && service.Answer(request, peer) is { } answer)
                {
                    messages.Write(answer);
                }
            }
        }
        catch (SocketException)
        {
            // The guest went away, or took too long.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"{peer} gets no answer: {failure.Message}");
        }
        finally
        {
            Leave(peer);
        }
    }

    private bool TryEnter(string peer)
    {
        lock (gate)
        {
            var mine = open.GetValueOrDefault(peer);
            if (mine >= MaxOfPeer || open.Values.Sum() >= MaxConnections)
            {
                return false;
            }
            open[peer] = mine + 1;
            return true;
        }
    }

    private void Leave(string peer)
    {
        lock (gate)
        {
            if (--open[peer] == 0)
            {
                open.Remove(peer);
            }
        }
    }
}
