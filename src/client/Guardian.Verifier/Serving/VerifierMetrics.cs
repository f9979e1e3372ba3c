using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Guardian.Attestation.Keeping;
using Guardian.Verifier.Freshness;

namespace Guardian.Verifier.Serving;

/// <summary>Counts answers for Prometheus (text format 0.0.4). Labels are words of this code, never of a request. Thread-safe.</summary>
/// <param name="nonces">The nonces, whose number is shown.</param>
/// <param name="keeper">The kept collateral; null for none.</param>
internal sealed class VerifierMetrics(NonceBook nonces, CollateralKeeper? keeper)
{
    private readonly ConcurrentDictionary<(string Call, int Status), long> answers = new();
    private readonly ConcurrentDictionary<string, long> refusals = new();
    private long tokens;

    /// <summary>Counts an answer.</summary>
    /// <param name="call">Method and route.</param>
    /// <param name="status">The status of HTTP.</param>
    public void CountAnswer(string call, int status) => answers.AddOrUpdate((call, status), 1, (_, count) => count + 1);

    /// <summary>Counts a refusal.</summary>
    /// <param name="code">The reason's word.</param>
    public void CountRefusal(string code) => refusals.AddOrUpdate(code, 1, (_, count) => count + 1);

    /// <summary>Counts a token.</summary>
    public void CountToken() => Interlocked.Increment(ref tokens);

    /// <summary>Writes everything in the text format.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        void Head(string name, string type, string help) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP guardian_verifier_{name} {help}\n# TYPE guardian_verifier_{name} {type}\n");
        void Line(string name, long value) => text.Append(CultureInfo.InvariantCulture, $"guardian_verifier_{name} {value}\n");

        Head("requests_total", "counter", "Answers by call and status.");
        foreach (var ((call, status), count) in answers.OrderBy(each => each.Key))
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"requests_total{{call=\"{call}\",status=\"{status}\"}}"), count);
        }
        Head("refusals_total", "counter", "Refused requests by reason.");
        foreach (var (code, count) in refusals.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            Line($"refusals_total{{reason=\"{code}\"}}", count);
        }
        Head("tokens_total", "counter", "Tokens that were signed.");
        Line("tokens_total", Interlocked.Read(ref tokens));
        Head("nonces_used", "gauge", "Used nonces that have not expired.");
        Line("nonces_used", nonces.UsedCount);
        foreach (var gauge in keeper is null ? [] : CollateralGauge.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {gauge.Name} {gauge.Help}\n# TYPE {gauge.Name} {gauge.Type}\n");
            foreach (var kept in keeper!.Kept)
            {
                var platform = kept.Platform;
                var tee = platform.Tee.ToString().ToLowerInvariant();
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{gauge.Name}{{tee=\"{tee}\",fmspc=\"{platform.Fmspc}\",ca=\"{platform.Authority}\"}} {gauge.Read(kept)}\n");
            }
        }
        return text.ToString();
    }
}
