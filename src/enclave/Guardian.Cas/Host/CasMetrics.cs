using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Guardian.Cas.Secrets;
using Guardian.Cas.Store;

namespace Guardian.Cas.Host;

/// <summary>Counts the answers of the CAS for Prometheus (text format 0.0.4), without names of sessions. Thread-safe.</summary>
/// <param name="readiness">Returns the word for the state of the CAS; null for one that is always ready.</param>
/// <param name="workshop">Draws the private keys of secrets; null for none.</param>
/// <param name="notifier">Tells the operator of denials; null for none.</param>
internal sealed class CasMetrics(
    Vault vault, Func<string>? readiness = null, SecretWorkshop? workshop = null, DenialNotifier? notifier = null)
{
    private readonly ConcurrentDictionary<(string Call, int Status), Counter> counters = new();
    private readonly ConcurrentDictionary<string, Histogram> durations = new();

    /// <summary>Logs the requests; null when nobody reads the log.</summary>
    public RequestLog? Requests { get; init; }

    /// <summary>Counts an answer.</summary>
    /// <param name="call">Method and route. The requested address would let a peer invent labels.</param>
    public void CountAnswer(string call, int status, TimeSpan duration)
    {
        Interlocked.Increment(ref counters.GetOrAdd((call, status), _ => new Counter()).Count);
        durations.GetOrAdd(call, _ => new Histogram()).Add(duration);
    }

    /// <summary>The word for the state of the CAS.</summary>
    public string ReadReadiness() => readiness?.Invoke() ?? StoreWatch.Ready;

    /// <summary>Writes everything in the text format.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        void Line(string name, string labels, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"guardian_cas_{name}{labels} {value}\n");
        void Head(string name, string type, string help) => text.Append(
            CultureInfo.InvariantCulture, $"# HELP guardian_cas_{name} {help}\n# TYPE guardian_cas_{name} {type}\n");

        var answers = counters.OrderBy(each => each.Key.Call, StringComparer.Ordinal).ThenBy(each => each.Key.Status).ToList();
        Head("requests_total", "counter", "Answers by call and status.");
        answers.ForEach(each => Line("requests_total", LabelsOf(each.Key), Interlocked.Read(ref each.Value.Count)));
        Head("request_seconds", "histogram", "Time from the request's headers to the answer.");
        foreach (var (call, histogram) in durations.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            histogram.Write(text, "guardian_cas_request_seconds", $"call=\"{call}\"");
        }
        var (entries, rows, waiting) = vault.Measure();
        Head("audit_entries", "gauge", "Entries of the audit log.");
        Line("audit_entries", "", entries);
        Head("store_rows", "gauge", "Rows of the store besides the log.");
        Line("store_rows", "", rows);
        Head("store_waiting", "gauge", "Calls that wait for the store.");
        Line("store_waiting", "", waiting);
        var state = ReadReadiness();
        Head("ready", "gauge", "1 while the CAS serves; otherwise 0, with the reason.");
        Line("ready", state == StoreWatch.Ready ? "" : $"{{reason=\"{state}\"}}", state == StoreWatch.Ready ? 1 : 0);
        Head("store_intact", "gauge", "1 unless the store was changed outside the CAS.");
        Line("store_intact", "", vault.Damage is null && state != "damaged" ? 1 : 0);
        Head("store_checks_total", "counter", "Checks of the whole store since the start that found nothing.");
        Line("store_checks_total", "", vault.Passes);
        Head("store_write_age_seconds", "gauge", "Time since the last durable write; the CAS writes at least every 10 seconds.");
        Line("store_write_age_seconds", "", vault.SinceCommit.TotalSeconds);
        if (vault.SinceWitness is { } confirmed)
        {
            Head("witness_confirmed_seconds", "gauge", "Time since the witness confirmed the end of the log.");
            Line("witness_confirmed_seconds", "", confirmed.TotalSeconds);
        }
        Head("log_dropped_total", "counter", "Lines of the request log that were dropped because its reader is slow.");
        Line("log_dropped_total", "", Requests?.Dropped ?? 0);
        var (drawn, turns) = workshop?.Measure() ?? default;
        Head("keys_drawn_total", "counter", "Private keys that were drawn for secrets.");
        Line("keys_drawn_total", "", drawn);
        Head("keys_waiting", "gauge", "Slow keys that wait for their turn.");
        Line("keys_waiting", "", turns);
        if (notifier?.Measure() is { } messages)
        {
            Head("denial_messages_total", "counter", "Messages about denials that the receiver accepted or did not.");
            Line("denial_messages_total", "{result=\"accepted\"}", messages.Sent);
            Line("denial_messages_total", "{result=\"failed\"}", messages.Failed);
            Head("denials_untold_total", "counter", "Denials of which no message told.");
            Line("denials_untold_total", "", messages.Lost);
        }
        return text.ToString();
    }

    private static string LabelsOf((string Call, int Status) key) =>
        string.Create(CultureInfo.InvariantCulture, $"{{call=\"{key.Call}\",status=\"{key.Status}\"}}");

    private sealed class Counter
    {
        public long Count;
    }
}
