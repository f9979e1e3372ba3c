using System.Net.Sockets;
using Guardian.Node.Libvirt;

namespace Guardian.Node.Relay;

/// <summary>One client and its connection to libvirtd.</summary>
internal sealed class RelayConnection : IDisposable
{
    // Deep enough for the XML reader and a web request; the default of 1.5 MiB or more would be most of a connection's cost.
    private const int StackSize = 512 * 1024;

    private readonly Socket client;
    private readonly Socket daemon = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string upstream;
    private readonly GuestCalls calls;
    private readonly Action<string> log;

    public RelayConnection(Socket client, string upstream, GuestCalls calls, Action<string> log)
    {
        this.client = client;
        this.upstream = upstream;
        this.calls = calls;
        this.log = log;
    }

    /// <summary>Happens once, when both directions have ended.</summary>
    public event Action? Closed;

    public void Start() => StartThread("relay-calls", Serve);

    /// <summary>Cuts both sides; the threads end by themselves.</summary>
    public void Dispose()
    {
        Cut(client);
        Cut(daemon);
    }

    private static Thread StartThread(string name, ThreadStart work)
    {
        var thread = new Thread(work, StackSize) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Serve()
    {
        try
        {
            // Here and not where connections are accepted: a daemon whose queue is full blocks its own client only.
            daemon.Connect(new UnixDomainSocketEndPoint(upstream));
            var (toClient, toDaemon) = (new FrameWriter(client), new FrameWriter(daemon));
            var replies = StartThread("relay-replies", () => Run(new FramePump(daemon, toClient, toDaemon, new DaemonFrames(calls)), "libvirtd"));
            Run(new FramePump(client, toDaemon, toClient, calls), "the client");
            replies.Join();
        }
        catch (SocketException failure)
        {
            log($"libvirtd cannot be reached at {upstream}: {failure.Message}");
        }
        finally
        {
            Dispose();
            calls.Close();
            Closed?.Invoke();
        }
    }

    // When one direction ends, so does the other: libvirt never half-closes.
    private void Run(FramePump pump, string sender)
    {
        try
        {
            pump.Run();
        }
        catch (RelayException failure)
        {
            log($"closed a connection: {sender} sent {failure.Message}");
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // A side that went away is an everyday thing; the other one is told by closing.
        }
        finally
        {
            Dispose();
        }
    }

    // Closing alone would not wake a thread that reads.
    private static void Cut(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Not connected any more, which is what was wanted.
        }
        socket.Dispose();
    }

    /// <summary>What libvirtd sends is passed on unseen.</summary>
    private sealed class DaemonFrames(GuestCalls calls) : IFrameInspector
    {
        public bool Holds(RpcHeader header)
        {
            if (header.Type == RpcType.ReplyWithFds)
            {
                throw new RelayException("file descriptors, which cannot pass here");
            }
            calls.Answered(header);
            return false;
        }

        public FrameVerdict? Inspect(RpcHeader header, ReadOnlySpan<byte> frame) => null;
    }
}
