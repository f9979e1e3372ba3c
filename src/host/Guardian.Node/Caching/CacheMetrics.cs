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
        Add("guardian_collateral_expiry_timestamp_seconds", Gauge, "The instant at which the first piece of collateral expires; 0 without.",
            kept => kept.Summary?.Expires.ToUnixTimeSeconds() ?? 0);
        Add("guardian_collateral_issued_timestamp_seconds", Gauge,
            "The instant at which the oldest piece of collateral was issued; 0 without.",
            kept => kept.Summary?.Issued.ToUnixTimeSeconds() ?? 0);
        Add("guardian_collateral_checked_timestamp_seconds", Gauge,
            "The last time at which a service gave good collateral; 0 before the first since the start.",
            kept => kept.CheckedAt?.ToUnixTimeSeconds() ?? 0);
        Add("guardian_collateral_evaluation_number", Gauge, "tcbEvaluationDataNumber of the TCB info; 0 without.",
            kept => kept.Summary?.EvaluationDataNumber ?? 0);
        Add("guardian_collateral_update_failures_total", Counter, "Updates that failed.", kept => kept.Failures);
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

        void Add(string name, string type, string help, Func<KeptCollateral, double> read)
        {
            text.AddFamily(name, type, help);
            foreach (var (kept, version) in all)
            {
                text.AddSample(
                    name, read(kept), ("tee", kept.Platform.Tee.ToString().ToLowerInvariant()), ("fmspc", kept.Platform.Fmspc),
                    ("ca", kept.Platform.Authority), ("edition", kept.Edition.Name), ("version", version));
            }
        }
    }
}
