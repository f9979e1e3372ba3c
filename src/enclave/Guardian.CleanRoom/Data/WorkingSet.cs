namespace Guardian.CleanRoom.Data;

/// <summary>
/// The memory that a room may hold data in: enclave memory is scarce. Threads get their buffers first; data sets that fit in what is left stay open, and the others are
/// decrypted group by group whenever a question needs them. Thread-safe.
/// </summary>
public sealed class WorkingSet
{
    private readonly Lock gate = new();
    private long free;
    private long forThreads;

    /// <param name="size">Bytes.</param>
    public WorkingSet(long size) => Size = free = size;

    /// <summary>What a room has when its host says nothing: 512 MiB.</summary>
    public static WorkingSet Default() => FromMebibytes(512);

    /// <summary>A working set of a number of MiB.</summary>
    public static WorkingSet FromMebibytes(int mebibytes) => new(mebibytes * 1024L * 1024);

    /// <summary>Bytes in all.</summary>
    public long Size { get; }

    /// <summary>Bytes not reserved.</summary>
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

    /// <summary>Bytes that a commit may work in: no question is computed meanwhile, so threads' buffers are not in use.</summary>
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

    /// <summary>Reserves memory; false when there is not so much.</summary>
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

    /// <summary>Gives memory back.</summary>
    public void Release(long size)
    {
        lock (gate)
        {
            free += size;
        }
    }

    /// <summary>Reserves the buffers of as many threads as there are processors and memory for; of one in any case.</summary>
    /// <returns>How many.</returns>
    internal int ReserveThreads(long sizePerThread)
    {
        var threads = (int)Math.Clamp(Size / sizePerThread, 1, Environment.ProcessorCount);
        forThreads = Math.Min(threads * sizePerThread, Free);
        TryReserve(forThreads);
        return threads;
    }
}
