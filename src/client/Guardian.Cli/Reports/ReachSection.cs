using System.Text;
using Guardian.CleanRoom.Analyses;

namespace Guardian.Cli.Reports;

/// <summary>How often a campaign reached people, as a plot and a table.</summary>
internal static class ReachSection
{
    private const int Width = 860;
    private const int Height = 260;
    private const int Margin = 10;

    // The lines of the plot, in its units from the top.
    private const int Baseline = 220;
    private const int LongestBar = 190;
    private const int LabelGap = 8;
    private const int AxisLabel = 242;

    /// <summary>The words about the average number of contacts, with a comma before them.</summary>
    public static string WriteAverage(ReachResult reach) =>
        reach.AverageFrequency is { } often ? $", {often.ToString("F2", Html.Culture)} times on average" : "";

    public static string Write(ReachResult reach)
    {
        var rows = reach.Frequencies.Select(each => Html.Row(Name(each), [Html.Cell(Html.Count(each.Persons))]));
        return $"""
            <section>
            <h2>How often</h2>
            {WritePlot(reach)}
            {Html.Table($"Persons by number of contacts ({Html.Encode(reach.Column)})", ["contacts", "persons"], rows)}
            </section>
            """;
    }

    private static string WritePlot(ReachResult reach)
    {
        var summary = string.Join(", ", reach.Frequencies.Select(each => $"{Name(each)}: {Html.Count(each.Persons)}"));
        var greatest = Math.Max(1, reach.Frequencies.Max(each => each.Persons ?? 0));
        var slot = (Width - (2 * Margin)) / reach.Frequencies.Count;
        var bars = new StringBuilder();
        for (var i = 0; i < reach.Frequencies.Count; i++)
        {
            bars.AppendLine(WriteBar(reach.Frequencies[i], Margin + (i * slot), slot, greatest));
        }
        return $"""
            <figure>
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="plot-reach">
            <title id="plot-reach">Persons by number of contacts: {Html.Encode(summary)}</title>
            {bars}<line class="axis" x1="{Margin}" x2="{Width - Margin}" y1="{Baseline}" y2="{Baseline}"/>
            </svg>
            </figure>
            """;
    }

    private static string WriteBar(FrequencyClass each, int x, int slot, long greatest)
    {
        var size = (double)LongestBar * (each.Persons ?? 0) / greatest;
        var (left, width, middle) = (x + (slot * 0.12), slot * 0.76, x + (slot / 2.0));
        return string.Create(Html.Culture, $"""
            <rect class="bar" x="{left:F1}" y="{Baseline - size:F1}" width="{width:F1}" height="{size:F1}" rx="3"/>
            <text x="{middle:F1}" y="{Baseline - LabelGap - size:F1}" text-anchor="middle">{Html.Count(each.Persons)}</text>
            <text class="soft" x="{middle:F1}" y="{AxisLabel}" text-anchor="middle">{each.Times}{(each.OrMore ? "+" : "")}</text>
            """);
    }

    private static string Name(FrequencyClass each) => $"{each.Times}{(each.OrMore ? " or more" : "")}";
}
