using Guardian.Volumes.Content;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>
/// Writes what was encrypted on another thread, in order, while the caller encrypts what comes next: a file takes one write at a time, so more than one thread would only wait for each other. What could not be written
/// stays, and is tried again; whoever needs it written, or needs its room, gets the failure. Thread-safe.
/// </summary>
internal sealed class WriteQueue : IDisposable
{
    /// <summary>Slots of a buffer: writes of 256 KiB cost the kernel as little per byte as larger ones, and the cipher text is still in the processor's cache.</summary>
    public const int BufferSlots = 64;

    private const int MaxBuffers = 8;

    private readonly record struct Piece(long Offset, byte[] Buffer, int Size);

    private readonly Lock gate = new();
    private readonly IStorage storage;
    private readonly Helper helper;
    private readonly Queue<Piece> waiting = new();
    private readonly Stack<byte[]> spare = new();
    private int bufferCount;
    private bool isWriting;
    private volatile bool hasFailed;

    public WriteQueue(IStorage storage)
    {
        this.storage = storage;
        helper = new Helper(TryHelp);
    }

    /// <summary>Gives a buffer to fill; waits for one when all are to be written.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public byte[] TakeBuffer()
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

    /// <summary>Has the beginning of a buffer written, after everything that came before it.</summary>
    public void Add(long offset, byte[] buffer, int size)
    {
        lock (gate)
        {
            waiting.Enqueue(new Piece(offset, buffer, size));
        }
        helper.Wake();
    }

    /// <summary>Reads a record, wherever it is: it was added as part of one buffer, or is on the storage.</summary>
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

    /// <summary>Forgets what is not written, and returns when nothing is being written any more.</summary>
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
            // Of several that touch the record's first slot, only the last holds the record, and holds it whole: the others are to be written over.
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

    // Writes the piece that is first; false when there is none, or when another thread is at it.
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

    // What has failed is tried again by who needs it, and meets the failure.
    private bool TryHelp()
    {
        try
        {
            return !hasFailed && TryWrite();
        }
        // The latter is what EPERM becomes, as of a file that was made immutable.
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
