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
        const string Sample =
            """guardian_instance_epc_mebibytes{host="h",instance_id="00000000-0000-0000-0000-000000000000","""
            + """project_id="p",flavor="odd\"\\\n"} 16""";
        Assert.Contains(Sample + "\n", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'),
            line => Assert.Contains($"# TYPE {line.Split('{')[0]} gauge\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_lines_of_a_metric_are_one_group()
    {
        GuestMetrics[] guests = [new(Guid.Empty, "p", "f", 16, 8), new(Guid.NewGuid(), "p", "f", 8, 0)];
        var text = NodeMetrics.Write("h", true, [new(0, 64, 8, 0), new(1, 64, 0, 24)], guests);

        var names = text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[0] == '#' ? line.Split(' ')[2] : line.Split('{')[0]).ToList();
        Assert.Equal(names.Distinct().Count(), names.Where((name, i) => i == 0 || names[i - 1] != name).Count());
    }
}
