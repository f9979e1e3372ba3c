using System.Diagnostics;

namespace Guardian.Runtime.Network;

/// <summary>Bounds how many strangers are served at once, and how long each: shorter while others wait. Thread-safe.</summary>
/// <param name="max">The most at once.</param>
internal sealed class Crowd(int max) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CrowdedLimit = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim places = new(max);
    private readonly List<(CancellationTokenSource Limit, long Start)> timed = [];
    private int waiting;

    /// <summary>Waits for a place. The one that has been there for the longest time makes room.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task EnterAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            waiting++;
            if (places.CurrentCount == 0 && timed is [var oldest, ..])
            {
                timed.RemoveAt(0);
                var left = CrowdedLimit - Stopwatch.GetElapsedTime(oldest.Start);
                oldest.Limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }
        try
        {
            await places.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                waiting--;
            }
        }
    }

    /// <summary>Gives up a place.</summary>
    public void Leave() => places.Release();

    /// <summary>Does the work of somebody who has a place, for as long as the limit allows.</summary>
    /// <exception cref="OperationCanceledException">It took too long, or was cancelled.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var entry = (limit, Stopwatch.GetTimestamp());
        lock (gate)
        {
            limit.CancelAfter(waiting > 0 ? CrowdedLimit : Limit);
            timed.Add(entry);
        }
        try
        {
            await work(limit.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                timed.Remove(entry);
            }
        }
    }

    public void Dispose() => places.Dispose();
}
