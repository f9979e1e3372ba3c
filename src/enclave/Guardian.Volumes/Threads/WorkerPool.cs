namespace Guardian.Volumes.Threads;

/// <summary>Shares independent pieces of work between the caller and other threads. The caller does all pieces that no other processor is
/// free for, so a busy machine only makes it slower. One caller at a time.</summary>
internal sealed class WorkerPool
{
    private readonly SpinningWorker[] others;
    private volatile Batch? current;

    /// <param name="size">The number of threads that may work at once, the caller included.</param>
    public WorkerPool(int size) =>
        others = [.. Enumerable.Range(1, size - 1).Select(worker => new SpinningWorker(() => current is { } batch && batch.Work(worker)))];

    /// <summary>The number of threads that may work at once, the caller included.</summary>
    public int Size => others.Length + 1;

    /// <summary>Does all pieces and returns when they are done.</summary>
    /// <param name="count">The number of pieces.</param>
    /// <param name="isShared">Whether to wake the other threads.</param>
    /// <param name="work">Receives the worker, below <see cref="Size"/>, and the piece. Throws nothing.</param>
    public void Run(int count, bool isShared, Action<int, int> work)
    {
        if (!isShared)
        {
            for (var piece = 0; piece < count; piece++)
            {
                work(0, piece);
            }
            return;
        }
        var batch = new Batch(count, work);
        current = batch;
        foreach (var other in others)
        {
            other.Wake();
        }
        batch.Work(0);
        batch.Wait();
        current = null;
    }

    private sealed class Batch(int count, Action<int, int> work)
    {
        private int next = -1;
        private int done;

        // False when no piece was left: a worker that comes late touches nothing.
        public bool Work(int worker)
        {
            var hasWorked = false;
            for (var piece = Interlocked.Increment(ref next); piece < count; piece = Interlocked.Increment(ref next))
            {
                hasWorked = true;
                work(worker, piece);
                Interlocked.Increment(ref done);
            }
            return hasWorked;
        }

        public void Wait()
        {
            var spin = new SpinWait();
            while (Volatile.Read(ref done) < count)
            {
                // Never sleeps a whole millisecond: a piece takes microseconds.
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}
