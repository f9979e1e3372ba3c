using Guardian.Node.Metering;
using Guardian.Node.Metrics;

namespace Guardian.Node.Tests.Metrics;

public class NodeMetricsTests
{
    [Fact]
    public void Every_sample_has_its_type_and_labels_are_escaped()
    {
        var text = NodeMetrics.Write("h", true, [new(0, 64, 8, null), new(1, 64, 0, 24)], [new(Guid.Empty, "p", "odd\"\\\n", 16, 8)]);

        Assert.Contains("guardian_epc_total_bytes{host=\"h\",node=\"1\"} 67108864\n", text, StringComparison.Ordinal);
        Assert.Contains("guardian_epc_free_bytes{host=\"h\"} 109051904\n", text, StringComparison.Ordinal);
        Assert.Contains("guardian_epc_section_claimed_bytes{host=\"h\",node=\"1\"} 25165824\n", text, StringComparison.Ordinal);
        Assert.Contains("guardian_epc_section_free_bytes{host=\"h\",node=\"1\"} 41943040\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("guardian_epc_section_claimed_bytes{host=\"h\",node=\"0\"}", text, StringComparison.Ordinal);
        Assert.Contains("guardian_instance_epc_mebibytes{host=\"h\",instance_id=\"00000000-0000-0000-0000-000000000000\",project_id=\"p\",flavor=\"odd\\\"\\\\\\n\"} 16\n", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'),
            line => Assert.Contains($"# TYPE {line[..line.IndexOf('{', StringComparison.Ordinal)]} gauge\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_lines_of_a_metric_are_one_group()
    {
        var text = NodeMetrics.Write("h", true, [new(0, 64, 8, 0), new(1, 64, 0, 24)], [new(Guid.Empty, "p", "f", 16, 8), new(Guid.NewGuid(), "p", "f", 8, 0)]);

        var names = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[0] == '#' ? line.Split(' ')[2] : line[..line.IndexOf('{', StringComparison.Ordinal)]).ToList();
        Assert.Equal(names.Distinct().Count(), names.Where((name, i) => i == 0 || names[i - 1] != name).Count());
    }

    [Fact]
    public void Dataframes_are_hours_with_what_guests_held_in_them()
    {
        var start = new DateTimeOffset(2026, 1, 1, 10, 30, 0, TimeSpan.Zero);
        var timeline = new InstanceTimeline(Guid.Empty, "p", "sgx.8m", [], [new EpcInterval(start.ToUnixTimeMilliseconds(), start.AddHours(1).ToUnixTimeMilliseconds(), 8)], []);

        var frames = Dataframes.Create([timeline], start.AddHours(-3), start.AddHours(3))["dataframes"]!.AsArray();

        Assert.Equal(2, frames.Count);
        Assert.Equal(
            """{"period":{"begin":"2026-01-01T10:00:00+00:00","end":"2026-01-01T11:00:00+00:00"},"usage":{"guardian_epc":[{"vol":{"unit":"MiB*h","qty":4},"rating":{"price":0},"groupby":{"id":"00000000-0000-0000-0000-000000000000","project_id":"p"},"metadata":{"flavor_name":"sgx.8m"}}]}}""",
            frames[0]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}
