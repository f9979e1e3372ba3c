using System.Net.Security;
using System.Net.Sockets;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Network;

/// <summary>A connection for the guest: plaintext in this process's memory, TLS outside. Two tasks move the bytes.</summary>
internal sealed class ShieldedSocket : IGuestSocket
{
    private const int BlockSize = 16 * 1024;

    // Time to send the rest of the guest's data after the guest has closed the connection. Engines wait ten seconds for an ended program.
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(5);

    private readonly Signal readable = new();
    private readonly Signal writable = new();
    private readonly CancellationTokenSource ending = new();
    private readonly ByteQueue incoming;
    private readonly ByteQueue outgoing;
    private readonly CarrierStream carrier;
    private readonly SslStream? tls;
    private readonly Stream stream;
    private readonly Task done;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="carrier">The connection. This object owns it and its socket from now on.</param>
    /// <param name="tls">TLS over the connection; null for a plain one.</param>
    public ShieldedSocket(CarrierStream carrier, SslStream? tls)
    {
        (this.carrier, this.tls) = (carrier, tls);
        stream = (Stream?)tls ?? carrier;
        incoming = new ByteQueue(readable, guestReads: true);
        outgoing = new ByteQueue(writable, guestReads: false);
        writable.Set(true);
        done = Task.WhenAll(Task.Run(ReceiveAsync), Task.Run(SendAsync));
    }

    public FileKind Kind => FileKind.StreamSocket;

    public FileError Read(Span<byte> buffer, out int read) => incoming.Read(buffer, isPeek: false, out read);

    public FileError Peek(Span<byte> buffer, out int read) => incoming.Read(buffer, isPeek: true, out read);

    public FileError Write(ReadOnlySpan<byte> data, out int written) => outgoing.Write(data, out written);

    public Readiness ReadReadiness() => incoming.IsReady
        ? Readiness.Now((ulong)incoming.Count, incoming.IsComplete)
        : Readiness.After(readable.Descriptor, forWriting: false);

    public Readiness WriteReadiness() =>
        outgoing.IsReady ? Readiness.Now(0, outgoing.IsComplete) : Readiness.After(writable.Descriptor, forWriting: false);

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

    /// <summary>Completes when the connection is closed and the guest's data has been sent, or a time limit has passed.</summary>
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
        carrier.Socket.Dispose();
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
                && await incoming.WriteAsync(buffer.AsMemory(0, size), ending.Token).ConfigureAwait(false))
            {
            }
            // If the connection ended without TLS's own end, nobody can tell whether this was all of the peer's data.
            incoming.Complete(tls is not null && carrier.HasEnded ? FileError.ConnectionReset : FileError.Success);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            incoming.Complete(FileError.ConnectionReset);
        }
    }

    private async Task SendAsync()
    {
        var buffer = new byte[BlockSize];
        try
        {
            while (await outgoing.ReadAsync(buffer, ending.Token).ConfigureAwait(false) is > 0 and var size)
            {
                await stream.WriteAsync(buffer.AsMemory(0, size), ending.Token).ConfigureAwait(false);
            }
            if (tls is not null)
            {
                // A peer that reads nothing more keeps this message waiting as well.
                await tls.ShutdownAsync().WaitAsync(ending.Token).ConfigureAwait(false);
            }
            carrier.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            outgoing.Complete(FileError.BrokenPipe);
        }
        finally
        {
            // A guest that has closed the connection reads no more.
            if (incoming.IsComplete)
            {
                await ending.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
