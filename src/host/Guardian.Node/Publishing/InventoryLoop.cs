using Guardian.OpenStack;

namespace Guardian.Node.Publishing;

/// <summary>Publishes the host's EPC now and every half minute, for as long as the daemon runs. Placement may be away for hours: nothing ends for it.</summary>
/// <param name="read">Looks at the host: its sections, and whether its check passes.</param>
internal sealed class InventoryLoop(EpcPublisher publisher, Func<HostEpc> read, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    // A check that fails should reach the scheduler soon.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);

    private string? lastProblem;
    private HostEpc? published;

    /// <summary>What was last seen of the host; null before the first look.</summary>
    public HostEpc? Seen { get; private set; }

    /// <summary>How much of each section was claimed when it was last published, in MiB by NUMA node.</summary>
    public IReadOnlyDictionary<int, long> Claimed => publisher.Claimed;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var due = time.GetTimestamp();
        while (!cancellation.IsCancellationRequested)
        {
            Seen = read();
            if (published?.IsHealthy != Seen.IsHealthy || time.GetElapsedTime(due) >= Interval)
            {
                due = time.GetTimestamp();
                await TryPublishAsync(Seen, cancellation).ConfigureAwait(false);
            }
            await Task.Delay(CheckInterval, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryPublishAsync(HostEpc epc, CancellationToken cancellation)
    {
        try
        {
            foreach (var change in await publisher.PublishAsync(epc, cancellation).ConfigureAwait(false))
            {
                log($"placement: {change}");
            }
            published = epc;
            lastProblem = null;
        }
        catch (OpenStackException failure)
        {
            // Said once, not twice a minute.
            if (failure.Message != lastProblem)
            {
                log($"the inventory is not published: {failure.Message}");
                lastProblem = failure.Message;
            }
            published = null;
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }
}
