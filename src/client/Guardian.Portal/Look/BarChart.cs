using System.Globalization;
using System.Net;
using System.Text;

namespace Guardian.Portal.Look;

/// <summary>A few amounts as bars, in SVG that needs no script. The title says in words what the bars show.</summary>
public static class BarChart
{
    private const int Width = 860;
    private const int Height = 240;
    private const int Baseline = 190;
    private const int LongestBar = 160;
    private const int Margin = 10;

    /// <summary>Draws the bars.</summary>
    /// <param name="title">The meaning of the amounts.</param>
    /// <param name="bars">The label below each bar, its amount, and the amount in words; amounts are not negative.</param>
    /// <returns>HTML; labels and title are encoded here.</returns>
    public static string Write(string title, IReadOnlyList<(string Label, decimal Amount, string Words)> bars)
    {
        ArgumentNullException.ThrowIfNull(bars);
        var greatest = bars.Select(bar => bar.Amount).DefaultIfEmpty().Max();
        var slot = (Width - (2.0 * Margin)) / Math.Max(1, bars.Count);
        var drawn = new StringBuilder();
        for (var i = 0; i < bars.Count; i++)
        {
            var size = greatest > 0 ? (double)(bars[i].Amount / greatest) * LongestBar : 0;
            var (start, middle) = (Margin + ((i + 0.12) * slot), Margin + ((i + 0.5) * slot));
            drawn.Append(CultureInfo.InvariantCulture, $"""
                <rect class="bar" x="{start:F1}" y="{Baseline - size:F1}" width="{slot * 0.76:F1}" height="{size:F1}" rx="3"/>
                <text x="{middle:F1}" y="{Baseline - 8 - size:F1}" text-anchor="middle">{Encode(bars[i].Words)}</text>
                <text class="soft" x="{middle:F1}" y="{Baseline + 22}" text-anchor="middle">{Encode(bars[i].Label)}</text>

                """);
        }
        var words = string.Join("; ", bars.Select(bar => $"{bar.Label}: {bar.Words}"));
        return $"""
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{Encode($"{title}: {words}")}">
            {drawn}<line class="axis" x1="{Margin}" x2="{Width - Margin}" y1="{Baseline}" y2="{Baseline}"/>
            </svg>
            """;
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
