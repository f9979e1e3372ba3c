using Guardian.Attestation.Collateral;

namespace Guardian.Node.Caching;

/// <summary>
/// Fetches the PCK certificates of hosts from Intel's service, with the operator's key: new hosts at once, all once a week.
/// </summary>
/// <param name="services">The services, in order.</param>
/// <param name="store">Receives the certificates.</param>
/// <param name="subscriptionKey">The operator's key; a secret.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a line for each host whose certificates are not fetched, once.</param>
internal sealed class PckFetcher(
    IReadOnlyList<CollateralService> services, PckStore store, string subscriptionKey, TimeProvider time, Action<string> log)
{
    // Intel certifies new levels with TCB recoveries, a few times a year.
    private static readonly TimeSpan Interval = TimeSpan.FromDays(7);
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> failed = [];

    /// <summary>The number of hosts whose certificates could not be fetched, each try counted.</summary>
    public long Failures { get; private set; }

    /// <summary>Fetches what is missing or old.</summary>
    /// <param name="hosts">The hosts.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task UpdateAsync(IReadOnlyList<CollateralHost> hosts, CancellationToken cancellation)
    {
        foreach (var host in hosts)
        {
            var now = time.GetUtcNow();
            var isCurrent = store.FindWritten(host.Name) is { } written && now.UtcDateTime - written < Interval;
            if (isCurrent || (failed.TryGetValue(host.Name, out var last) && now - last < Pause))
            {
                continue;
            }
            if (await FetchAsync(host, cancellation).ConfigureAwait(false) is not { } problem)
            {
                failed.Remove(host.Name);
                continue;
            }
            Failures++;
            if (!failed.ContainsKey(host.Name))
            {
                log($"the PCK certificates of {host.Name} are not fetched: {problem}");
            }
            failed[host.Name] = now;
        }
    }

    // Null when done, or the problem of the last service.
    private async Task<string?> FetchAsync(CollateralHost host, CancellationToken cancellation)
    {
        var problem = "no service is configured";
        foreach (var service in services)
        {
            try
            {
                var pem = await service.FetchPckCertificatesAsync(host.EncryptedPpid, host.PceId, subscriptionKey, cancellation)
                    .ConfigureAwait(false);
                if (store.Write(host.Name, pem) is not { } refused)
                {
                    return null;
                }
                problem = refused;
            }
            catch (Exception failure) when (failure is HttpRequestException or InvalidDataException or InvalidOperationException
                || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                problem = WithoutQuery(failure.Message);
            }
        }
        return problem;
    }

    // The address has the encrypted PPID, which fills the log and helps nobody.
    private static string WithoutQuery(string message)
    {
        var start = message.IndexOf('?', StringComparison.Ordinal);
        var end = start < 0 ? -1 : message.IndexOf(' ', start);
        return start < 0 ? message : message[..start] + (end < 0 ? "" : message[end..]);
    }
}
