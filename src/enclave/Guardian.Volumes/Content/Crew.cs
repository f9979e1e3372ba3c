namespace Guardian.Volumes.Content;

/// <summary>
/// Shares independent pieces of work with other threads. The caller does its part, and all of it where no other processor is free, so a busy machine only makes it slower.
/// One caller at a time.
/// </summary>
internal sealed class Crew
{
    private readonly Helper[] helpers;
    private volatile Batch? current;

    /// <param name="size">How many may work at once, the caller included.</param>
    public Crew(int size) =>
        helpers = [.. Enumerable.Range(1, size - 1).Select(worker => new Helper(() => current is { } batch && batch.Work(worker)))];

    /// <summary>How many may work at once, the caller included.</summary>
    public int Size => helpers.Length + 1;

    /// <summary>Does all pieces and returns when they are done.</summary>
    /// <param name="count">How many pieces.</param>
    /// <param name="isShared">Whether to ask for help.</param>
    /// <param name="work">Gets the worker, below <see cref="Size"/>, and the piece. Throws nothing.</param>
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
        foreach (var helper in helpers)
        {
            helper.Wake();
        }
        batch.Work(0);
        batch.Wait();
        current = null;
    }

    private sealed class Batch(int count, Action<int, int> work)
    {
        private int next = -1;
        private int done;

        // Whether there was anything to do. Whoever comes late finds no piece and touches nothing.
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
