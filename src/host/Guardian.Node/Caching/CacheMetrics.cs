using System.Globalization;
using Guardian.Attestation.Keeping;
using Guardian.Node.Metrics;

namespace Guardian.Node.Caching;

/// <summary>Counts the answers of the cache, and writes its metrics. Thread-safe.</summary>
internal sealed class CacheMetrics
{
    private const string Gauge = "gauge";
    private const string Counter = "counter";

    private readonly Lock gate = new();
    private readonly SortedDictionary<int, long> answers = [];

    /// <summary>Counts an answer.</summary>
    /// <param name="status">Its HTTP status.</param>
    public void Count(int status)
    {
        lock (gate)
        {
            answers[status] = answers.GetValueOrDefault(status) + 1;
        }
    }

    /// <summary>Writes the answer of <c>/metrics</c>.</summary>
    /// <param name="host">This machine's name.</param>
    /// <param name="stores">The kept collateral.</param>
    /// <param name="hosts">The number of hosts with PCK certificates.</param>
    /// <param name="pckFailures">The number of failed fetches of PCK certificates; null when none are fetched.</param>
    public string Write(string host, IReadOnlyList<KeptStore> stores, int hosts, long? pckFailures)
    {
        var text = new MetricsText(host);
        List<(KeptCollateral Kept, string Version)> all =
        [
            .. stores.SelectMany(store => store.Keeper.Kept.Select(
                kept => (kept, store.Version.ToString(CultureInfo.InvariantCulture)))),
        ];
        foreach (var gauge in CollateralGauge.All)
        {
            text.AddFamily(gauge.Name, gauge.Type, gauge.Help);
            foreach (var (kept, version) in all)
            {
                text.AddSample(
                    gauge.Name, gauge.Read(kept), ("tee", kept.Platform.Tee.ToString().ToLowerInvariant()),
                    ("fmspc", kept.Platform.Fmspc), ("ca", kept.Platform.Authority), ("edition", kept.Edition.Name), ("version", version));
            }
        }
        text.AddSingle("guardian_pck_hosts", Gauge, "Hosts whose PCK certificates are kept.", hosts);
        if (pckFailures is { } failures)
        {
            text.AddSingle("guardian_pck_update_failures_total", Counter, "Fetches of PCK certificates that failed.", failures);
        }
        text.AddFamily("guardian_collateral_answers_total", Counter, "Answers to clients, by HTTP status.");
        lock (gate)
        {
            foreach (var (status, count) in answers)
            {
                text.AddSample("guardian_collateral_answers_total", count, ("status", status.ToString(CultureInfo.InvariantCulture)));
            }
        }
        return text.ToString();
    }
}
