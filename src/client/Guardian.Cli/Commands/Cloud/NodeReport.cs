using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>A daemon's report about itself, from <c>/metrics</c>.</summary>
/// <param name="Version">The daemon's version; null when the daemon does not say.</param>
/// <param name="PublishedAt">The last time at which Placement had the host's EPC as it is; null when it never had.</param>
/// <param name="Refusals">The calls that the relay refused since the daemon's start.</param>
/// <param name="Problem">The reason why the daemon says nothing; null when it answered.</param>
internal sealed partial record NodeReport(string? Version, DateTimeOffset? PublishedAt, long Refusals, string? Problem = null)
{
    // Years 1 to 9999.
    private const double MaxUnixSeconds = 253_402_300_799;

    /// <summary>Reads the text format of Prometheus. Lines that are not understood count as absent.</summary>
    public static NodeReport Read(ReadOnlySpan<byte> metrics)
    {
        var report = new NodeReport(null, null, 0);
        foreach (var line in Encoding.UTF8.GetString(metrics).Split('\n'))
        {
            if (Sample().Match(line) is not { Success: true } sample
                || !double.TryParse(sample.Groups["value"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                continue;
            }
            report = sample.Groups["name"].Value switch
            {
                "guardian_node_info" when VersionLabel().Match(sample.Groups["labels"].Value) is { Success: true } version =>
                    report with { Version = version.Groups[1].Value },
                "guardian_inventory_published_timestamp_seconds" when value is > 0 and <= MaxUnixSeconds =>
                    report with { PublishedAt = DateTimeOffset.FromUnixTimeSeconds((long)value) },
                "guardian_relay_refusals_total" when value is >= 0 and <= int.MaxValue =>
                    report with { Refusals = report.Refusals + (long)value },
                _ => report,
            };
        }
        return report;
    }

    // name{labels} value, without a time
    [GeneratedRegex("""^(?<name>[a-z_]{1,100})(\{(?<labels>.{0,1000})\})? (?<value>[0-9.eE+-]{1,40})$""")]
    private static partial Regex Sample();

    [GeneratedRegex("version=\"([0-9A-Za-z.+-]{1,100})\"")]
    private static partial Regex VersionLabel();
}
