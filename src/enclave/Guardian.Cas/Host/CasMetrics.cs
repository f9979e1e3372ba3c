using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Guardian.Cas.Store;

namespace Guardian.Cas.Host;

/// <summary>Counts the answers of the CAS for Prometheus (text format 0.0.4), without names of sessions. Thread-safe.</summary>
internal sealed class CasMetrics(Vault vault, DenialNotifier? notifier = null)
{
    private readonly ConcurrentDictionary<(string Call, int Status), Counter> counters = new();

    /// <summary>Counts an answer.</summary>
    /// <param name="call">Method and route. The requested address would let a peer invent labels.</param>
    public void CountAnswer(string call, int status, TimeSpan duration)
    {
        var counter = counters.GetOrAdd((call, status), _ => new Counter());
        Interlocked.Increment(ref counter.Count);
        Interlocked.Add(ref counter.Ticks, duration.Ticks);
    }

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
        Head("request_seconds_total", "counter", "Time spent on them.");
        answers.ForEach(each => Line(
            "request_seconds_total", LabelsOf(each.Key), TimeSpan.FromTicks(Interlocked.Read(ref each.Value.Ticks)).TotalSeconds));
        var (entries, rows, waiting) = vault.Measure();
        Head("audit_entries", "gauge", "Entries of the audit log.");
        Line("audit_entries", "", entries);
        Head("store_rows", "gauge", "Rows of the store besides the log.");
        Line("store_rows", "", rows);
        Head("store_waiting", "gauge", "Calls that wait for the store.");
        Line("store_waiting", "", waiting);
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
        public long Ticks;
    }
}
