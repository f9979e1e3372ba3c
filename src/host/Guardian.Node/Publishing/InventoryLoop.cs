using System.Security.Cryptography;
using Guardian.ComputeHost.Inventory;
using Guardian.Refusals;

namespace Guardian.Node.Publishing;

/// <summary>
/// Publishes the host's EPC now and every half minute, while the daemon runs. Placement may be away for hours without effect on guests.
/// </summary>
/// <param name="publisher">Publishes in Placement.</param>
/// <param name="read">Reads the host: its sections, and whether its check passes.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a line for each change, and for each new problem.</param>
internal sealed class InventoryLoop(EpcPublisher publisher, Func<HostEpc> read, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    // The scheduler should learn soon of a check that fails.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);

    // A thousand daemons that were started together must not ask together for ever.
    private const int MaxJitterMilliseconds = 3000;

    // The health that was published last, or tried.
    private bool? published;

    private string? lastProblem;

    /// <summary>The last reading of the host; null before the first one.</summary>
    public HostEpc? LastRead { get; private set; }

    /// <summary>The last time at which Placement had the host's EPC as it is; null before the first.</summary>
    public DateTimeOffset? PublishedAt { get; private set; }

    /// <summary>The number of publications that failed.</summary>
    public long Failures { get; private set; }

    /// <summary>The claims on each section at the last publication, in MiB by NUMA node.</summary>
    public IReadOnlyDictionary<int, long> Claimed => publisher.Claimed;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var due = time.GetTimestamp();
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                LastRead = read();
                if (published != LastRead.IsHealthy || time.GetElapsedTime(due) >= Interval)
                {
                    due = time.GetTimestamp();
                    await TryPublishAsync(LastRead, cancellation).ConfigureAwait(false);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Without a next round, a host that fails later would keep its health in Placement.
                Report(failure.Message);
            }
            var jitter = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(MaxJitterMilliseconds));
            await Task.Delay(CheckInterval - jitter, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            published = epc.IsHealthy;
            PublishedAt = time.GetUtcNow();
            lastProblem = null;
        }
        catch (RefusedException failure)
        {
            Report(failure.Message);
            // A Placement in trouble is asked no sooner than usual; a refusal, such as for a provider that nova-compute has still to make,
            // is soon over.
            published = failure.IsTransient ? epc.IsHealthy : null;
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    // One line for each problem, not two a minute.
    private void Report(string problem)
    {
        Failures++;
        if (problem != lastProblem)
        {
            log($"the inventory is not published: {problem}");
            lastProblem = problem;
        }
    }
}
