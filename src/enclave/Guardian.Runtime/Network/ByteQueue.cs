using Guardian.Files;

namespace Guardian.Runtime.Network;

/// <summary>
/// Plaintext between a guest and the task that encrypts or decrypts it, only in this process's memory. The guest's side never waits but has
/// a
/// <see cref="Signal"/>; the task's side is awaited. Thread-safe.
/// </summary>
/// <param name="signal">Set while the guest's side can go on.</param>
/// <param name="guestReads">Whether the guest reads from the queue; otherwise it writes.</param>
internal sealed class ByteQueue(Signal signal, bool guestReads) : IDisposable
{
    private const int Capacity = 64 * 1024;

    private readonly Lock gate = new();
    private readonly byte[] ring = new byte[Capacity];
    private readonly SemaphoreSlim changed = new(0, 1);
    private int start;
    private int count;
    private bool isComplete;
    private FileError error;

    /// <summary>Bytes in the queue.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return count;
            }
        }
    }

    /// <summary>Whether the guest's side can go on without waiting.</summary>
    public bool IsReady
    {
        get
        {
            lock (gate)
            {
                return isComplete || (guestReads ? count > 0 : count < Capacity);
            }
        }
    }

    /// <summary>Whether writing has ended.</summary>
    public bool IsComplete
    {
        get
        {
            lock (gate)
            {
                return isComplete;
            }
        }
    }

    /// <summary>Ends writing. The reader still gets the bytes in the queue, and then <paramref name="reason"/>. Only the first call
    /// counts.</summary>
    public void Complete(FileError reason)
    {
        lock (gate)
        {
            if (!isComplete)
            {
                (isComplete, error) = (true, reason);
            }
            NotifyBothSides();
        }
    }

    /// <summary>Reads the bytes that are there; 0 bytes with success mean the end.</summary>
    public FileError Read(Span<byte> target, bool isPeek, out int read)
    {
        lock (gate)
        {
            read = Math.Min(target.Length, count);
            if (read == 0)
            {
                return !target.IsEmpty && !isComplete ? FileError.Again : isComplete ? error : FileError.Success;
            }
            var first = Math.Min(read, Capacity - start);
            ring.AsSpan(start, first).CopyTo(target);
            ring.AsSpan(0, read - first).CopyTo(target[first..]);
            if (!isPeek)
            {
                start = (start + read) % Capacity;
                count -= read;
                NotifyBothSides();
            }
            return FileError.Success;
        }
    }

    /// <summary>Writes as many bytes as fit.</summary>
    public FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        lock (gate)
        {
            written = 0;
            if (isComplete)
            {
                return error == FileError.Success ? FileError.BrokenPipe : error;
            }
            written = Math.Min(data.Length, Capacity - count);
            var end = (start + count) % Capacity;
            var first = Math.Min(written, Capacity - end);
            data[..first].CopyTo(ring.AsSpan(end));
            data[first..written].CopyTo(ring);
            count += written;
            NotifyBothSides();
            return written == 0 && !data.IsEmpty ? FileError.Again : FileError.Success;
        }
    }

    /// <summary>Waits for bytes and reads them; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        while (true)
        {
            if (Read(target.Span, isPeek: false, out var read) != FileError.Again)
            {
                return read;
            }
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Writes all bytes; false when reading has ended.</summary>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (!data.IsEmpty)
        {
            switch (Write(data.Span, out var written))
            {
                case FileError.Success:
                    data = data[written..];
                    break;
                case FileError.Again:
                    await changed.WaitAsync(cancellation).ConfigureAwait(false);
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    public void Dispose() => changed.Dispose();

    private void NotifyBothSides()
    {
        signal.Set(isComplete || (guestReads ? count > 0 : count < Capacity));
        if (changed.CurrentCount == 0)
        {
            changed.Release();
        }
    }
}
