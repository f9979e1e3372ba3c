using System.Diagnostics;

namespace Guardian.Runtime.Run;

/// <summary>Ends a program that has used up its CPU time.</summary>
internal sealed class CpuWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Process self = Process.GetCurrentProcess();
    private readonly Timer timer;

    private CpuWatch(TimeSpan limit, CancellationTokenSource ending)
    {
        var from = self.TotalProcessorTime;
        timer = new Timer(_ =>
        {
            self.Refresh();
            if (self.TotalProcessorTime - from >= limit)
            {
                ending.Cancel();
            }
        }, null, Interval, Interval);
    }

    /// <summary>Starts to count CPU time.</summary>
    /// <param name="seconds">The limit; null for none.</param>
    /// <param name="ending">Cancelled when the limit is reached.</param>
    /// <returns>The watch; null without a limit.</returns>
    public static CpuWatch? Start(int? seconds, CancellationTokenSource ending) =>
        seconds is { } limit ? new CpuWatch(TimeSpan.FromSeconds(limit), ending) : null;

    public void Dispose()
    {
        timer.Dispose();
        self.Dispose();
    }
}
