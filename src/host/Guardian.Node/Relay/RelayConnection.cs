using System.Diagnostics;
using System.Net.Sockets;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>One client and its connection to libvirtd.</summary>
/// <param name="client">The client's socket.</param>
/// <param name="user">The client's user.</param>
/// <param name="upstream">The path of libvirtd's socket.</param>
/// <param name="calls">Inspects the client's calls.</param>
/// <param name="observer">Observes the definitions that pass.</param>
/// <param name="log">Receives a line for each event that an operator may want to know.</param>
internal sealed class RelayConnection(
    Socket client, uint user, string upstream, IFrameInspector calls, IDefinitionObserver observer, Action<string> log) : IDisposable
{
    // Enough for the XML reader and a web request. The default of 1.5 MiB or more would be most of a connection's cost.
    public const int StackSize = 512 * 1024;

    private readonly Socket daemon = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private long lastCall = Stopwatch.GetTimestamp();

    /// <summary>The client's user.</summary>
    public uint User => user;

    /// <summary>The time since the client's last call, or since it connected; answers to keep-alives are no calls.</summary>
    public TimeSpan IdleTime => Stopwatch.GetElapsedTime(Volatile.Read(ref lastCall));

    /// <summary>Raised once, when both directions have ended.</summary>
    public event Action? Closed;

    public void Start() => StartThread("relay-calls", Serve);

    /// <summary>Closes both sides; the threads end by themselves.</summary>
    public void Dispose()
    {
        Close(client);
        Close(daemon);
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
            // This runs on the connection's own thread, so that a daemon with a full queue blocks only this client.
            daemon.Connect(new UnixDomainSocketEndPoint(upstream));
            var (toClient, toDaemon) = (new FrameWriter(client), new FrameWriter(daemon));
            using var heldReplies = new HeldFrames(toClient, toDaemon, End);
            using var heldCalls = new HeldFrames(toDaemon, toClient, End);
            var fromDaemon = new FramePump(daemon, toClient, toDaemon, new DaemonFrames(observer), heldReplies);
            var replies = StartThread("relay-replies", () => Run(fromDaemon, "libvirtd"));
            Run(new FramePump(client, toDaemon, toClient, new ClientFrames(this, calls), heldCalls), "the client");
            replies.Join();
        }
        catch (SocketException failure)
        {
            log($"libvirtd cannot be reached at {upstream}: {failure.Message}");
        }
        finally
        {
            Dispose();
            observer.OnClosed();
            Closed?.Invoke();
        }
    }

    private void End(string? problem)
    {
        if (problem is not null)
        {
            log($"closed a connection: {problem}");
        }
        Dispose();
    }

    // When one direction ends, the other must end too: libvirt never half-closes.
    private void Run(FramePump pump, string sender)
    {
        try
        {
            pump.Run();
        }
        catch (RefusedException failure)
        {
            log($"closed a connection: {sender} sent {failure.Message}");
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Sides close all the time; closing the other side tells it.
        }
        finally
        {
            Dispose();
        }
    }

    // Disposing alone would not wake a thread that reads.
    private static void Close(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The socket is already closed.
        }
        socket.Dispose();
    }

    /// <summary>Notes when the client made its last call.</summary>
    private sealed class ClientFrames(RelayConnection connection, IFrameInspector calls) : IFrameInspector
    {
        public bool MustHold(RpcHeader header)
        {
            if (header.Program != RpcHeader.KeepAliveProgram)
            {
                Volatile.Write(ref connection.lastCall, Stopwatch.GetTimestamp());
            }
            return calls.MustHold(header);
        }

        public Task<FrameVerdict?> InspectAsync(RpcHeader header, ReadOnlySpan<byte> frame, bool mayWait) =>
            calls.InspectAsync(header, frame, mayWait);
    }

    /// <summary>Passes all frames of libvirtd on, and reports their heads.</summary>
    private sealed class DaemonFrames(IDefinitionObserver observer) : IFrameInspector
    {
        public bool MustHold(RpcHeader header)
        {
            if (header.Type == RpcType.ReplyWithFds)
            {
                throw new RefusedException(RelayReasons.FileDescriptors.Because("file descriptors, which cannot pass here"));
            }
            observer.OnReply(header);
            return false;
        }

        public Task<FrameVerdict?> InspectAsync(RpcHeader header, ReadOnlySpan<byte> frame, bool mayWait) =>
            Task.FromResult<FrameVerdict?>(null);
    }
}
