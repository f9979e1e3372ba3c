namespace Guardian.CleanRoom.Base;

/// <summary>
/// The memory in which a room may hold data; enclave memory is scarce. Threads get their buffers first. Data sets that fit in the rest
/// stay decrypted; the others are decrypted group by group for each question. Thread-safe.
/// </summary>
public sealed class WorkingSet
{
    private readonly Lock gate = new();
    private long free;
    private long forThreads;

    /// <param name="size">Bytes.</param>
    public WorkingSet(long size) => Size = free = size;

    /// <summary>The default when the host sets no size: 512 MiB.</summary>
    public static WorkingSet Default() => FromMebibytes(512);

    /// <summary>Makes a working set of a number of MiB.</summary>
    public static WorkingSet FromMebibytes(int mebibytes) => new(mebibytes * 1024L * 1024);

    /// <summary>Bytes in all.</summary>
    public long Size { get; }

    /// <summary>Bytes that are not reserved.</summary>
    public long Free
    {
        get
        {
            lock (gate)
            {
                return free;
            }
        }
    }

    /// <summary>Bytes that a commit may use. No question runs meanwhile, so the threads' buffers count as free.</summary>
    internal long ForCommits
    {
        get
        {
            lock (gate)
            {
                return free + forThreads;
            }
        }
    }

    /// <summary>Reserves memory.</summary>
    /// <param name="size">Bytes.</param>
    /// <returns>False when less is free; then nothing is reserved.</returns>
    public bool TryReserve(long size)
    {
        lock (gate)
        {
            if (size > free)
            {
                return false;
            }
            free -= size;
            return true;
        }
    }

    /// <summary>Releases memory that was reserved.</summary>
    /// <param name="size">Bytes.</param>
    public void Release(long size)
    {
        lock (gate)
        {
            free += size;
        }
    }

    /// <summary>Reserves the buffers of as many threads as there are processors and memory for; at least of one.</summary>
    /// <returns>The number of threads.</returns>
    internal int ReserveThreads(long sizePerThread)
    {
        var threads = (int)Math.Clamp(Size / sizePerThread, 1, Environment.ProcessorCount);
        forThreads = Math.Min(threads * sizePerThread, Free);
        TryReserve(forThreads);
        return threads;
    }
}
