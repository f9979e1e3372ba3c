using System.Diagnostics;

namespace Guardian.Volumes.Threads;

/// <summary>A thread of the pool that runs work in the background, and stays awake for a moment after the last piece: waking a thread takes
/// as long as encrypting 16 KiB.</summary>
/// <param name="work">Does one piece of work; false when there is none. Throws nothing.</param>
internal sealed class SpinningWorker(Func<bool> work)
{
    // About the time between two calls of a program that reads or writes without pause.
    private static readonly long Patience = Stopwatch.Frequency / 30_000;

    private int isAwake;

    /// <summary>Announces work. The worker may miss it, so a caller that needs the work done does it itself in the end.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref isAwake) == 0 && Interlocked.Exchange(ref isAwake, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static worker => worker.Run(), this, preferLocal: false);
        }
    }

    private void Run()
    {
        var last = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - last < Patience)
        {
            if (work())
            {
                last = Stopwatch.GetTimestamp();
            }
            else
            {
                Thread.SpinWait(10);
            }
        }
        Volatile.Write(ref isAwake, 0);
    }
}
