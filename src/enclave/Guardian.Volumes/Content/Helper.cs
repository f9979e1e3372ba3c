using System.Diagnostics;

namespace Guardian.Volumes.Content;

/// <summary>Another thread that does what it finds to do, and stays awake a little longer: to wake one takes as long as to encrypt 16 KiB.</summary>
/// <param name="work">Does a piece of work; false when there was none. Throws nothing.</param>
internal sealed class Helper(Func<bool> work)
{
    // About what passes between two calls of a program that reads or writes on and on.
    private static readonly long Patience = Stopwatch.Frequency / 30_000;

    private int isAwake;

    /// <summary>Says that there is work. It may be overlooked: whoever needs it done does it in the end.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref isAwake) == 0 && Interlocked.Exchange(ref isAwake, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static helper => helper.Run(), this, preferLocal: false);
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
