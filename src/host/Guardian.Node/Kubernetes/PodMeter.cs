using Guardian.ComputeHost.Guests;
using Guardian.Kubernetes;
using Guardian.Metering;
using Guardian.Node.Metering;

namespace Guardian.Node.Kubernetes;

/// <summary>
/// Reports the pods of a node to the meter: a pod is a guest, its namespace the project, its name the flavor. The API server is asked
/// every few seconds, so a pod that lives shorter may be missed.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="meter">The meter.</param>
/// <param name="node">The node's name.</param>
/// <param name="clock">Reads the clocks of the node.</param>
/// <param name="log">Receives a line when the API server does not answer.</param>
internal sealed class PodMeter(ClusterApi api, Meter meter, string node, Func<ClockReading> clock, Action<string> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    // The uptime from which each pod counts. It stays the same, because the meter takes a later one for another start.
    private readonly Dictionary<Guid, long> starts = [];
    private bool isFirst = true;
    private string? trouble;

    /// <summary>Meters until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await LookAsync(cancellation).ConfigureAwait(false);
                trouble = null;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException
                or OperationCanceledException)
            {
                // Pods go on without the API server, and the next look finds what has changed.
                if (!cancellation.IsCancellationRequested && failure.Message != trouble)
                {
                    log($"pods are not metered: {trouble = failure.Message}");
                }
            }
            await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks at the pods once.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    /// <exception cref="IOException">The answer is no list.</exception>
    internal async Task LookAsync(CancellationToken cancellation)
    {
        var at = clock();
        var path = $"api/v1/pods?fieldSelector={Uri.EscapeDataString($"spec.nodeName={node}")}";
        var pods = NodePods.Read(await api.GetAsync(path, cancellation).ConfigureAwait(false))
            ?? throw new IOException("the API server's answer is no list of pods");
        // The journal of a former daemon has these, and their time goes on.
        var known = isFirst ? meter.ListGuests().Select(guest => guest.Instance).ToHashSet() : [];
        isFirst = false;
        foreach (var pod in pods)
        {
            starts.TryAdd(pod.Id, known.Contains(pod.Id) ? 0 : UptimeOf(pod, at));
        }
        foreach (var gone in starts.Keys.Except(pods.Select(pod => pod.Id)).ToList())
        {
            starts.Remove(gone);
        }
        // A pod is defined at its start, which is in the past. Its namespace follows.
        meter.Reconcile(at, [.. pods.Select(pod => new GuestProcess(pod.Id, 0, pod.Mebibytes, starts[pod.Id]))]);
        foreach (var pod in pods)
        {
            meter.RecordDefined(new MeteredGuest(pod.Id, pod.Mebibytes, pod.Namespace, pod.Name));
        }
        meter.RemoveUndefined(pods.Select(pod => pod.Id).ToHashSet());
    }

    // The clocks of the API server and of the node may differ: a pod never starts in the future, nor before the node.
    private static long UptimeOf(MeteredPod pod, ClockReading at) => pod.StartedAt is { } started
        ? Math.Clamp(at.Uptime - (at.Wall - started.ToUnixTimeMilliseconds()), 0, at.Uptime)
        : at.Uptime;
}
