using System.Net.Sockets;
using System.Threading.Channels;

namespace Guardian.Node.Relay;

/// <summary>
/// The calls of one client that wait for a decision beside its stream, while its other frames pass. libvirt matches replies by serial and
/// promises no order between calls.
/// </summary>
/// <param name="target">The way to the receiver.</param>
/// <param name="back">The way back to the sender.</param>
/// <param name="onFailure">Ends the connection; called with a reason when a decision failed, and with null when a side has closed.</param>
internal sealed class HeldFrames(FrameWriter target, FrameWriter back, Action<string?> onFailure) : IDisposable
{
    // nova-compute has a few dozen threads. A frame has at most 4 MiB.
    private const int MaxCount = 64;

    private readonly Channel<(Task<FrameVerdict?> Decision, byte[] Frame)> decided =
        Channel.CreateUnbounded<(Task<FrameVerdict?>, byte[])>();

    private int count;
    private Thread? writer;

    /// <summary>Whether another frame may wait.</summary>
    public bool HasRoom => Volatile.Read(ref count) < MaxCount;

    /// <summary>Keeps a frame until its decision is made, and then passes it on. Only the thread of the stream calls this.</summary>
    public void Hold(Task<FrameVerdict?> decision, byte[] frame)
    {
        Interlocked.Increment(ref count);
        if (writer is null)
        {
            // A thread of its own: a peer that does not read stops no other connection.
            writer = new Thread(WriteDecided, RelayConnection.StackSize) { IsBackground = true, Name = "relay-held" };
            writer.Start();
        }
        _ = decision.ContinueWith(
            done => decided.Writer.TryWrite((done, frame)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Passes nothing on any more.</summary>
    public void Dispose() => decided.Writer.TryComplete();

    private void WriteDecided()
    {
        try
        {
            while (decided.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (decided.Reader.TryRead(out var held))
                {
                    Write(held.Decision, held.Frame);
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            onFailure(null);
        }
    }

    private void Write(Task<FrameVerdict?> decision, byte[] frame)
    {
        if (!decision.IsCompletedSuccessfully)
        {
            // Without an answer, the client would wait for ever.
            onFailure($"a decision failed: {decision.Exception?.InnerException?.Message}");
        }
        else if (decision.Result is { } verdict)
        {
            target.WriteFrames(verdict.Forward.Span);
            back.WriteFrames(verdict.Answer.Span);
        }
        else
        {
            target.WriteFrames(frame);
        }
        Interlocked.Decrement(ref count);
    }
}
