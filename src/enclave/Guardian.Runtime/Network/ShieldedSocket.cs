using System.Net.Security;
using System.Net.Sockets;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Network;

/// <summary>A connection as the guest sees it: plaintext in memory here, TLS outside. Two tasks move the bytes.</summary>
internal sealed class ShieldedSocket : IGuestSocket
{
    private const int BlockSize = 16 * 1024;

    // How long what the guest has written may take to leave after it has closed.
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(10);

    private readonly Signal readable = new();
    private readonly Signal writable = new();
    private readonly CancellationTokenSource ending = new();
    private readonly ByteQueue incoming;
    private readonly ByteQueue outgoing;
    private readonly Stream stream;
    private readonly Socket socket;
    private readonly Task done;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="socket">The connection; the shield's from now on.</param>
    /// <param name="stream">TLS over it, or the bare one.</param>
    public ShieldedSocket(Socket socket, Stream stream)
    {
        this.socket = socket;
        this.stream = stream;
        incoming = new ByteQueue(readable, guestReads: true);
        outgoing = new ByteQueue(writable, guestReads: false);
        writable.Set(true);
        done = Task.WhenAll(Task.Run(ReceiveAsync), Task.Run(SendAsync));
    }

    public FileKind Kind => FileKind.StreamSocket;

    public FileError Read(Span<byte> buffer, out int read) => incoming.Take(buffer, isPeek: false, out read);

    public FileError Peek(Span<byte> buffer, out int read) => incoming.Take(buffer, isPeek: true, out read);

    public FileError Write(ReadOnlySpan<byte> data, out int written) => outgoing.Put(data, out written);

    public Readiness ReadReadiness() =>
        incoming.IsReady ? Readiness.Now((ulong)incoming.Count, incoming.IsComplete) : Readiness.After(readable.Descriptor, forWriting: false);

    public Readiness WriteReadiness() => outgoing.IsReady ? Readiness.Now(0, outgoing.IsComplete) : Readiness.After(writable.Descriptor, forWriting: false);

    public FileError Shutdown(bool reading, bool writing)
    {
        if (reading)
        {
            incoming.Complete(FileError.Success);
        }
        if (writing)
        {
            outgoing.Complete(FileError.Success);
        }
        return FileError.Success;
    }

    /// <summary>Ends when the connection is closed and what the guest wrote before has left, or could not within a limit.</summary>
    public Task Closed => closed.Task;

    public void Dispose()
    {
        incoming.Complete(FileError.Success);
        outgoing.Complete(FileError.Success);
        ending.CancelAfter(LingerLimit);
        _ = CloseAsync();
    }

    private async Task CloseAsync()
    {
        await done.ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
        socket.Dispose();
        incoming.Dispose();
        outgoing.Dispose();
        readable.Dispose();
        writable.Dispose();
        ending.Dispose();
        closed.SetResult();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[BlockSize];
        try
        {
            while (await stream.ReadAsync(buffer, ending.Token).ConfigureAwait(false) is > 0 and var size
                && await incoming.PutAsync(buffer.AsMemory(0, size), ending.Token).ConfigureAwait(false))
            {
            }
            incoming.Complete(FileError.Success);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A peer that just hangs up has cut the stream off: TLS cannot tell whether that was all.
            incoming.Complete(FileError.ConnectionReset);
        }
    }

    private async Task SendAsync()
    {
        var buffer = new byte[BlockSize];
        try
        {
            while (await outgoing.TakeAsync(buffer, ending.Token).ConfigureAwait(false) is > 0 and var size)
            {
                await stream.WriteAsync(buffer.AsMemory(0, size), ending.Token).ConfigureAwait(false);
            }
            if (stream is SslStream tls)
            {
                await tls.ShutdownAsync().ConfigureAwait(false);
            }
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            outgoing.Complete(FileError.BrokenPipe);
        }
        finally
        {
            // Whoever has closed does not read on.
            if (incoming.IsComplete)
            {
                await ending.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
