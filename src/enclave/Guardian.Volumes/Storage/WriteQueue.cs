using Guardian.Volumes.Format;
using Guardian.Volumes.Threads;

namespace Guardian.Volumes.Storage;

/// <summary>Writes buffers on another thread, in order, while the caller encrypts the next ones. Thread-safe.</summary>
/// <remarks>One thread writes, because a file takes one write at a time. A buffer that the storage refuses stays in the queue and is
/// retried. The failure goes to the next caller that needs the buffer written, or needs its memory.</remarks>
internal sealed class WriteQueue : IDisposable
{
    /// <summary>Slots of a buffer. Writes of 256 KiB cost the kernel as little per byte as larger ones, and the cipher text is still in the
    /// processor's cache.</summary>
    public const int BufferSlots = 64;

    private const int MaxBuffers = 8;

    private readonly record struct Piece(long Offset, byte[] Buffer, int Size);

    private readonly Lock gate = new();
    private readonly IStorage storage;
    private readonly SpinningWorker worker;
    private readonly Queue<Piece> waiting = new();
    private readonly Stack<byte[]> spare = new();
    private int bufferCount;
    private bool isWriting;
    private volatile bool hasFailed;

    public WriteQueue(IStorage storage)
    {
        this.storage = storage;
        worker = new SpinningWorker(TryWriteInBackground);
    }

    /// <summary>Returns a buffer to fill. When all buffers wait to be written, the caller writes one of them itself.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public byte[] RentBuffer()
    {
        var spin = new SpinWait();
        while (true)
        {
            lock (gate)
            {
                if (spare.TryPop(out var buffer))
                {
                    return buffer;
                }
                if (bufferCount < MaxBuffers)
                {
                    bufferCount++;
                    return GC.AllocateUninitializedArray<byte>(BufferSlots * Page.Size, pinned: true);
                }
            }
            if (!TryWrite())
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    /// <summary>Enqueues the first bytes of a buffer; they are written after all earlier ones.</summary>
    /// <param name="offset">The place in the storage.</param>
    /// <param name="buffer">The buffer, which belongs to the queue from now on.</param>
    /// <param name="size">The number of bytes.</param>
    /// <param name="isLast">Whether the caller drains the queue at once. It then writes this buffer itself: waking another thread for a
    /// small commit takes longer than the write.</param>
    public void Enqueue(long offset, byte[] buffer, int size, bool isLast = false)
    {
        lock (gate)
        {
            waiting.Enqueue(new Piece(offset, buffer, size));
        }
        if (!isLast)
        {
            worker.Wake();
        }
    }

    /// <summary>Reads a record from the buffer that holds it, or from the storage.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Read(long offset, Span<byte> target)
    {
        if (!TryReadWaiting(offset, target))
        {
            storage.Read(offset, target);
        }
    }

    /// <summary>Returns when everything is written.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Drain()
    {
        var spin = new SpinWait();
        while (HasWaiting)
        {
            if (!TryWrite())
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    /// <summary>Drops all buffers that are not written, and returns when no write is running.</summary>
    public void Dispose()
    {
        var spin = new SpinWait();
        while (!TryClear())
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private bool TryClear()
    {
        lock (gate)
        {
            if (!isWriting)
            {
                waiting.Clear();
            }
            return !isWriting;
        }
    }

    private bool HasWaiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count > 0;
            }
        }
    }

    private bool TryReadWaiting(long offset, Span<byte> target)
    {
        lock (gate)
        {
            // When several buffers cover the record's first slot, the last one holds the whole record; it overwrites the others.
            var found = default(Piece);
            foreach (var piece in waiting)
            {
                found = offset >= piece.Offset && offset < piece.Offset + piece.Size ? piece : found;
            }
            if (found.Size > 0)
            {
                found.Buffer.AsSpan((int)(offset - found.Offset), target.Length).CopyTo(target);
            }
            return found.Size > 0;
        }
    }

    // Writes the first buffer; false when there is none, or when another thread is writing.
    private bool TryWrite()
    {
        Piece piece;
        lock (gate)
        {
            if (isWriting || !waiting.TryPeek(out piece))
            {
                return false;
            }
            isWriting = true;
        }
        var isWritten = false;
        try
        {
            storage.Write(piece.Offset, piece.Buffer.AsSpan(0, piece.Size));
            isWritten = true;
        }
        finally
        {
            lock (gate)
            {
                isWriting = false;
                hasFailed = !isWritten;
                if (isWritten)
                {
                    spare.Push(waiting.Dequeue().Buffer);
                }
            }
        }
        return true;
    }

    // Retries no failed buffer: the caller that needs it does so, and gets the failure.
    private bool TryWriteInBackground()
    {
        try
        {
            return !hasFailed && TryWrite();
        }
        // EPERM, for example from a file that was made immutable, becomes an UnauthorizedAccessException.
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
