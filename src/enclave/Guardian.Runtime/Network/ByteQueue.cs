using Guardian.Files;

namespace Guardian.Runtime.Network;

/// <summary>
/// Plaintext between a guest and the task that encrypts or decrypts it, in this process's memory alone. The guest's side never waits but has a
/// <see cref="Signal"/>; the task's side is awaited. Thread-safe.
/// </summary>
/// <param name="signal">Set while the guest's side can go on.</param>
/// <param name="guestReads">Whether the guest takes; else it puts.</param>
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

    /// <summary>Bytes that can be taken.</summary>
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

    /// <summary>Whether the guest's side would not have to wait.</summary>
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

    /// <summary>Whether nothing more is put.</summary>
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

    /// <summary>Nothing more is put; what is there can still be taken, then the taker gets <paramref name="reason"/>. The first call counts.</summary>
    public void Complete(FileError reason)
    {
        lock (gate)
        {
            if (!isComplete)
            {
                (isComplete, error) = (true, reason);
            }
            Changed();
        }
    }

    /// <summary>Takes what is there: 0 bytes with success are the end.</summary>
    public FileError Take(Span<byte> target, bool isPeek, out int taken)
    {
        lock (gate)
        {
            taken = Math.Min(target.Length, count);
            if (taken == 0)
            {
                return !target.IsEmpty && !isComplete ? FileError.Again : isComplete ? error : FileError.Success;
            }
            var first = Math.Min(taken, Capacity - start);
            ring.AsSpan(start, first).CopyTo(target);
            ring.AsSpan(0, taken - first).CopyTo(target[first..]);
            if (!isPeek)
            {
                start = (start + taken) % Capacity;
                count -= taken;
                Changed();
            }
            return FileError.Success;
        }
    }

    /// <summary>Puts what fits.</summary>
    public FileError Put(ReadOnlySpan<byte> data, out int put)
    {
        lock (gate)
        {
            put = 0;
            if (isComplete)
            {
                return error == FileError.Success ? FileError.BrokenPipe : error;
            }
            put = Math.Min(data.Length, Capacity - count);
            var end = (start + count) % Capacity;
            var first = Math.Min(put, Capacity - end);
            data[..first].CopyTo(ring.AsSpan(end));
            data[first..put].CopyTo(ring);
            count += put;
            Changed();
            return put == 0 && !data.IsEmpty ? FileError.Again : FileError.Success;
        }
    }

    /// <summary>Takes something, or gives 0 at the end.</summary>
    public async ValueTask<int> TakeAsync(Memory<byte> target, CancellationToken cancellation)
    {
        while (true)
        {
            if (Take(target.Span, isPeek: false, out var taken) != FileError.Again)
            {
                return taken;
            }
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Puts everything; false when nobody takes any more.</summary>
    public async ValueTask<bool> PutAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (!data.IsEmpty)
        {
            switch (Put(data.Span, out var put))
            {
                case FileError.Success:
                    data = data[put..];
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

    private void Changed()
    {
        signal.Set(isComplete || (guestReads ? count > 0 : count < Capacity));
        if (changed.CurrentCount == 0)
        {
            changed.Release();
        }
    }
}
