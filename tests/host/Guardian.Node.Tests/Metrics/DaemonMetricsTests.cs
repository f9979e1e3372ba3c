using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Guardian.Node.Definitions;
using Guardian.Node.Metrics;
using Guardian.Node.Relay;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Metrics;

/// <summary>The daemon's own metrics, and the files for operators that use them.</summary>
public sealed partial class DaemonMetricsTests
{
    private readonly RelayStatistics statistics = new();

    [Theory]
    [InlineData("deploy/grafana/guardian-node.json")]
    [InlineData("deploy/prometheus/guardian-node.rules.yaml")]
    public void The_files_for_operators_name_only_metrics_that_exist(string path)
    {
        var known = Name().Matches(Write() + NodeMetrics.Write("h", true, [new(0, 64, 8, 0)], [new(Guid.Empty, "p", "f", 16, 8)]))
            .Select(match => match.Value).ToHashSet();
        // The command guardian vm verify writes these.
        known.UnionWith(["guardian_verify_timestamp_seconds", "guardian_verify_wrong_guests", "guardian_verify_guests"]);
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
    public void Every_sample_has_its_type_and_the_lines_of_a_metric_are_one_group()
    {
        statistics.CountRefusal(RelayReasons.LostClaim);
        var lines = Write().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var typed = lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToHashSet();
        static string Family(string line) => HistogramPart().Replace(line[0] == '#' ? line.Split(' ')[2] : line.Split('{')[0], "");
        Assert.All(lines, line => Assert.Contains(Family(line), typed));
        var families = lines.Select(Family).ToList();
        Assert.Equal(families.Distinct().Count(), families.Where((name, i) => i == 0 || families[i - 1] != name).Count());
        Assert.All(
            lines.Where(line => line[0] != '#'), line => Assert.Contains("{host=\"h\"", line, StringComparison.Ordinal));
    }

    // An alert on the increase of a counter that begins with 1 misses the first refusal.
    [Fact]
    public void Every_reason_for_refusals_is_counted_from_0()
    {
        Assert.Contains("guardian_relay_refusals_total{host=\"h\",reason=\"lost-epc-claim\"} 0\n", Write(), StringComparison.Ordinal);
        statistics.CountRefusal(RelayReasons.LostClaim);
        Assert.Contains("guardian_relay_refusals_total{host=\"h\",reason=\"lost-epc-claim\"} 1\n", Write(), StringComparison.Ordinal);
        // The other reasons end a connection.
        var reasons = typeof(RelayReasons).GetFields().Select(field => (RefusalReason)field.GetValue(null)!).ToHashSet();
        reasons.ExceptWith([RelayReasons.BrokenProtocol, RelayReasons.FileDescriptors]);
        Assert.Equal(reasons, RelayErrors.Reasons.ToHashSet());
    }

    [Fact]
    public void Refusals_and_lookups_are_counted_by_reason_source_and_time()
    {
        statistics.CountRefusal(RelayReasons.LostClaim);
        statistics.CountRefusal(RelayReasons.LostClaim);
        statistics.CountLookup(LookupResult.Answered, TimeSpan.FromMilliseconds(20));
        statistics.CountLookup(LookupResult.Remembered, TimeSpan.FromMilliseconds(40));
        statistics.CountLookup(LookupResult.Refused, TimeSpan.FromSeconds(11));
        var text = Write();
        double Value(string sample) => double.Parse(
            Assert.Single(text.Split('\n'), line => line.StartsWith(sample + " ", StringComparison.Ordinal)).Split(' ')[^1],
            CultureInfo.InvariantCulture);
        Assert.Equal(2, Value("guardian_relay_refusals_total{host=\"h\",reason=\"lost-epc-claim\"}"));
        Assert.Equal(1, Value("guardian_relay_lookups_total{host=\"h\",result=\"answered\"}"));
        Assert.Equal(1, Value("guardian_relay_lookups_total{host=\"h\",result=\"remembered\"}"));
        Assert.Equal(1, Value("guardian_relay_lookups_total{host=\"h\",result=\"refused\"}"));
        Assert.Equal(0, Value("guardian_relay_lookup_seconds_bucket{host=\"h\",le=\"0.01\"}"));
        Assert.Equal(2, Value("guardian_relay_lookup_seconds_bucket{host=\"h\",le=\"0.05\"}"));
        Assert.Equal(2, Value("guardian_relay_lookup_seconds_bucket{host=\"h\",le=\"10\"}"));
        Assert.Equal(3, Value("guardian_relay_lookup_seconds_bucket{host=\"h\",le=\"+Inf\"}"));
        Assert.Equal(3, Value("guardian_relay_lookup_seconds_count{host=\"h\"}"));
        Assert.Equal(11.06, Value("guardian_relay_lookup_seconds_sum{host=\"h\"}"), 3);
        Assert.Equal(0, Value("guardian_cloud_service_up{host=\"h\",service=\"keystone\"}"));
        Assert.Equal(1, Value("guardian_cloud_service_up{host=\"h\",service=\"placement\"}"));
        Assert.Equal(1_800_000_000, Value("guardian_inventory_published_timestamp_seconds{host=\"h\"}"));
        Assert.Equal(4, Value("guardian_inventory_publication_failures_total{host=\"h\"}"));
        Assert.Equal(5, Value("guardian_journal_backlog_records{host=\"h\"}"));
        Assert.Equal(6, Value("guardian_relay_connections{host=\"h\"}"));
        Assert.Equal(1, Value("guardian_relay_lookups_suspended{host=\"h\"}"));
        Assert.Equal(1, Value("guardian_node_info{host=\"h\",version=\"1.2.3\"}"));
    }

    private string Write() => DaemonMetrics.Write("h", new DaemonState
    {
        Version = "1.2.3",
        Relay = statistics,
        Connections = 6,
        LookupsSuspended = true,
        Services = new Dictionary<string, bool> { ["placement"] = true, ["keystone"] = false },
        PublishedAt = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000),
        PublicationFailures = 4,
        JournalBacklog = 5,
    });

    [GeneratedRegex("guardian_[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
