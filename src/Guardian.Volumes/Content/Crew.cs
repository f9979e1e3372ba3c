using System.Runtime.ExceptionServices;

namespace Guardian.Volumes;

/// <summary>
/// Shares independent pieces of work with other threads. The caller does its part, and all of it where no other processor is free, so a busy machine only makes it slower.
/// </summary>
internal sealed class Crew(int size)
{
    /// <summary>How many may work at once, the caller included.</summary>
    public int Size { get; } = size;

    /// <summary>Does all pieces and returns when they are done; throws what the first failed piece threw.</summary>
    /// <param name="count">How many pieces.</param>
    /// <param name="helpers">How many threads to ask for help.</param>
    /// <param name="work">Gets the worker, below <see cref="Size"/>, and the piece.</param>
    public void Run(int count, int helpers, Action<int, int> work)
    {
        if (helpers == 0)
        {
            for (var piece = 0; piece < count; piece++)
            {
                work(0, piece);
            }
            return;
        }
        var batch = new Batch(count, work);
        for (var worker = 1; worker <= Math.Min(helpers, Size - 1); worker++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static given => given.batch.Work(given.worker), (batch, worker), preferLocal: false);
        }
        batch.Work(0);
        batch.Wait();
    }

    private sealed class Batch(int count, Action<int, int> work)
    {
        private int next = -1;
        private int done;
        private Exception? failure;

        public void Work(int worker)
        {
            // Whoever comes late finds no piece and touches nothing.
            for (var piece = Interlocked.Increment(ref next); piece < count; piece = Interlocked.Increment(ref next))
            {
                try
                {
                    work(worker, piece);
                }
                catch (Exception problem) when (problem is IOException or VolumeException)
                {
                    failure = problem;
                }
                finally
                {
                    Interlocked.Increment(ref done);
                }
            }
        }

        public void Wait()
        {
            var spin = new SpinWait();
            while (Volatile.Read(ref done) < count)
            {
                // Never sleeps a whole millisecond: a piece takes microseconds.
                spin.SpinOnce(sleep1Threshold: -1);
            }
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }
}
