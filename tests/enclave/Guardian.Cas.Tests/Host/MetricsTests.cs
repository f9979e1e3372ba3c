using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Guardian.Cas.Host;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas.Tests.Host;

/// <summary>The metrics are of Prometheus's form, and the dashboard and the alert rules use no others.</summary>
public sealed partial class MetricsTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Theory]
    [InlineData("deploy/grafana/guardian-cas.json")]
    [InlineData("deploy/prometheus/guardian-cas.rules.yaml")]
    public void The_files_for_operators_name_only_metrics_that_exist(string path)
    {
        var known = Name().Matches(Write()).Select(match => match.Value).ToHashSet();
        // It appears only with a witness (HealthTests).
        known.Add("guardian_cas_witness_confirmed_seconds");
        var text = File.ReadAllText(Repository.File(path.Split('/')));
        var used = Name().Matches(text).Select(match => match.Value).ToHashSet();
        Assert.True(used.Count > 5);
        Assert.Empty(used.Except(known));
        if (path.EndsWith(".json", StringComparison.Ordinal))
        {
            using var dashboard = JsonDocument.Parse(text);
            var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
            Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
            Assert.All(panels, panel => Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray()));
        }
    }

    [Fact]
    public void A_histogram_counts_each_duration_in_every_bucket_that_holds_it()
    {
        var lines = Write().Split('\n').Where(line => line.Contains("request_seconds", StringComparison.Ordinal)).ToList();
        Assert.Contains("# TYPE guardian_cas_request_seconds histogram", lines);
        double Value(string start) => double.Parse(
            Assert.Single(lines, line => line.StartsWith(start, StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
        const string Labels = "{call=\"GET /x\"";
        Assert.Equal(0, Value($"guardian_cas_request_seconds_bucket{Labels},le=\"0.001\"}}"));
        Assert.Equal(1, Value($"guardian_cas_request_seconds_bucket{Labels},le=\"0.0025\"}}"));
        Assert.Equal(2, Value($"guardian_cas_request_seconds_bucket{Labels},le=\"0.5\"}}"));
        Assert.Equal(2, Value($"guardian_cas_request_seconds_bucket{Labels},le=\"10\"}}"));
        Assert.Equal(3, Value($"guardian_cas_request_seconds_bucket{Labels},le=\"+Inf\"}}"));
        Assert.Equal(3, Value($"guardian_cas_request_seconds_count{Labels}}}"));
        Assert.Equal(60.302, Value($"guardian_cas_request_seconds_sum{Labels}}}"), 3);
    }

    [Fact]
    public async Task A_log_whose_reader_is_slow_drops_lines_counts_them_and_delays_nobody()
    {
        using var gate = new ManualResetEventSlim();
        var written = new List<string>();
        await using (var log = new RequestLog(RequestLogScope.Denials, TimeProvider.System, line =>
        {
            gate.Wait(TestContext.Current.CancellationToken);
            written.Add(line);
        }))
        {
            for (var i = 0; i < 3_000; i++)
            {
                var context = new DefaultHttpContext { Response = { StatusCode = i % 2 == 0 ? 200 : 403 } };
                context.Request.Path = "/" + new string('x', 5_000);
                RequestLog.NoteReason(context, "denied");
                log.End(context, RequestLog.Begin(context), "GET /x", context.Response.StatusCode, TimeSpan.FromMilliseconds(1));
            }
            // 1,500 denials; 1,000 wait, and the reader has at most one.
            Assert.InRange(log.Dropped, 499, 500);
            gate.Set();
        }
        Assert.InRange(written.Count, 1_000, 1_001);
        Assert.All(written, line =>
            Assert.True(line.Length < 600 && line.Contains("\"status\":403,\"reason\":\"denied\"", StringComparison.Ordinal)));
    }

    private string Write()
    {
        var metrics = new CasMetrics(cas.Vault);
        foreach (var milliseconds in new[] { 2, 300, 60_000 })
        {
            metrics.CountAnswer("GET /x", 200, TimeSpan.FromMilliseconds(milliseconds));
        }
        return metrics.Write();
    }

    [GeneratedRegex("guardian_cas_[a-z_]+")]
    private static partial Regex Name();
}
