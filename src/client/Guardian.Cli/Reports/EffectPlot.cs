using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;
using static Guardian.Cli.Reports.LiftText;

namespace Guardian.Cli.Reports;

/// <summary>Point and interval of each comparison on one axis, as inline SVG. The covariate's narrower interval is a hollow point
/// below.</summary>
internal sealed class EffectPlot
{
    private const int Width = 860;
    private const int LabelWidth = 190;
    private const int RightMargin = 30;
    private const int RowHeight = 46;
    private const int FirstRow = 26;
    private const int AxisHeight = 44;
    private const int HollowOffset = 15;
    private const int WantedTicks = 5;

    private readonly LiftOutcome outcome;
    private readonly double least;
    private readonly double greatest;
    private readonly double step;

    private EffectPlot(LiftOutcome outcome)
    {
        this.outcome = outcome;
        var intervals = outcome.Comparisons
            .SelectMany(each => new[] { each.Result.AbsoluteInterval, each.Cuped?.Result.AbsoluteInterval }).OfType<Interval>().ToList();
        (least, greatest) = (Math.Min(0, intervals.Min(each => each.Lower)), Math.Max(0, intervals.Max(each => each.Upper)));
        step = RoundStep((greatest - least) / WantedTicks);
        (least, greatest) = (Math.Floor(least / step) * step, Math.Ceiling(greatest / step) * step);
        if (greatest <= least)
        {
            greatest = least + step;
        }
    }

    private int Height => (outcome.Comparisons.Count * RowHeight) + AxisHeight;

    /// <summary>Draws the comparisons of an outcome.</summary>
    public static string Write(LiftOutcome outcome) => new EffectPlot(outcome).Write();

    private string Write()
    {
        var id = Html.Encode($"plot-{Html.RemoveDataSet(outcome.Column)}");
        var unit = outcome.IsRate ? ", in percentage points" : Html.Encode($", {Rooms.LiftView.LevelTitle(outcome)}");
        var hollow = outcome.Comparisons.Any(each => each.Cuped is not null) ? " Hollow: narrowed by the covariate (CUPED)." : "";
        return $"""
            <figure>
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="{id}">
            <title id="{id}">{Html.Encode(Describe())}</title>
            {WriteAxis()}{WriteRows()}</svg>
            <figcaption>Difference from control with its 95 % interval{unit}; the dashed line means no difference.{hollow}</figcaption>
            </figure>
            """;
    }

    private string WriteAxis()
    {
        var axis = new StringBuilder();
        for (var tick = least; tick <= greatest + (step / 2); tick += step)
        {
            var isZero = Math.Abs(tick) < step / 1000;
            var label = ((isZero ? 0 : tick) * (outcome.IsRate ? 100 : 1)).ToString("0.####", Html.Culture);
            axis.AppendLine(Html.Culture, $"""
                <line class="{(isZero ? "zero" : "axis")}" x1="{X(tick):F1}" x2="{X(tick):F1}" y1="6" y2="{Height - 30}"/>
                <text class="soft" x="{X(tick):F1}" y="{Height - 10}" text-anchor="middle">{label}</text>
                """);
        }
        return axis.ToString();
    }

    private string WriteRows()
    {
        var rows = new StringBuilder();
        for (var row = 0; row < outcome.Comparisons.Count; row++)
        {
            var comparison = outcome.Comparisons[row];
            var y = FirstRow + (row * RowHeight);
            var style = Class(comparison.Verdict);
            rows.AppendLine($"""<text x="0" y="{y + 5}">{Html.Encode(comparison.Treatment)}</text>""");
            rows.AppendLine(WriteInterval(comparison.Result, style, y, isHollow: false));
            if (comparison.Cuped is { } cuped)
            {
                rows.AppendLine(WriteInterval(cuped.Result, style, y + HollowOffset, isHollow: true));
            }
        }
        return rows.ToString();
    }

    private string WriteInterval(Comparison result, string style, int y, bool isHollow)
    {
        var (from, to, at) = (X(result.AbsoluteInterval.Lower), X(result.AbsoluteInterval.Upper), X(result.AbsoluteLift));
        var (width, radius, point) = isHollow ? (1.5, 4, """ class="hollow" stroke-width="1.5" """.TrimEnd()) : (3, 6, "");
        return string.Create(Html.Culture, $"""
            <g class="{style}">
            <line x1="{from:F1}" x2="{to:F1}" y1="{y}" y2="{y}" stroke-width="{width}"/>
            <line x1="{from:F1}" x2="{from:F1}" y1="{y - 5}" y2="{y + 5}" stroke-width="{width}"/>
            <line x1="{to:F1}" x2="{to:F1}" y1="{y - 5}" y2="{y + 5}" stroke-width="{width}"/>
            <circle cx="{at:F1}" cy="{y}" r="{radius}"{point}/>
            </g>
            """);
    }

    private string Describe() => $"{Html.RemoveDataSet(outcome.Column)}: " + string.Join("; ", outcome.Comparisons.Select(each =>
        $"{each.Treatment} {Difference(each.Result.AbsoluteLift, outcome.IsRate)}, 95 % interval "
        + $"{Range(each.Result.AbsoluteInterval, outcome.IsRate)}"));

    private double X(double value) => LabelWidth + ((value - least) / (greatest - least) * (Width - LabelWidth - RightMargin));

    // 1, 2 or 5 times a power of ten.
    private static double RoundStep(double rough)
    {
        if (!(rough > 0) || double.IsInfinity(rough))
        {
            return 1;
        }
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { <= 1 => power, <= 2 => 2 * power, <= 5 => 5 * power, _ => 10 * power };
    }
}
