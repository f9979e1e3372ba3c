using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Rooms;

/// <content>Plots as inline SVG.</content>
internal sealed partial class AnswerPage
{
    private const int Width = 860;
    private const int LabelWidth = 190;
    private const int RowHeight = 46;

    // Point and interval of each comparison on one axis; CUPED as a hollow point below.
    private static string EffectPlot(LiftOutcome outcome)
    {
        var intervals = outcome.Comparisons.SelectMany(each => new[] { each.Result.AbsoluteInterval, each.Cuped?.Result.AbsoluteInterval }).OfType<Interval>().ToList();
        var (least, greatest) = (Math.Min(0, intervals.Min(each => each.Lower)), Math.Max(0, intervals.Max(each => each.Upper)));
        var step = NiceStep((greatest - least) / 5);
        (least, greatest) = (Math.Floor(least / step) * step, Math.Ceiling(greatest / step) * step);
        if (greatest <= least)
        {
            greatest = least + step;
        }
        double X(double value) => LabelWidth + ((value - least) / (greatest - least) * (Width - LabelWidth - 30));
        var height = (outcome.Comparisons.Count * RowHeight) + 44;
        var id = $"plot-{Short(outcome.Column)}";
        var svg = new StringBuilder();
        svg.Append(Culture, $"<figure><svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-labelledby=\"{Text(id)}\"><title id=\"{Text(id)}\">{Text(Caption(outcome))}</title>");
        for (var tick = least; tick <= greatest + (step / 2); tick += step)
        {
            var isZero = Math.Abs(tick) < step / 1000;
            svg.Append(Culture, $"<line class=\"{(isZero ? "zero" : "axis")}\" x1=\"{X(tick):F1}\" x2=\"{X(tick):F1}\" y1=\"6\" y2=\"{height - 30}\"/>");
            svg.Append(Culture, $"<text class=\"soft\" x=\"{X(tick):F1}\" y=\"{height - 10}\" text-anchor=\"middle\">{Tick(isZero ? 0 : tick, outcome.IsRate)}</text>");
        }
        for (var row = 0; row < outcome.Comparisons.Count; row++)
        {
            var comparison = outcome.Comparisons[row];
            var y = 26 + (row * RowHeight);
            svg.Append(Culture, $"<text x=\"0\" y=\"{y + 5}\">{Text(comparison.Treatment)}</text>");
            AddInterval(svg, comparison.Result, Class(comparison.Verdict), X, y, isHollow: false);
            if (comparison.Cuped is { } cuped)
            {
                AddInterval(svg, cuped.Result, Class(comparison.Verdict), X, y + 15, isHollow: true);
            }
        }
        svg.Append(Culture, $"</svg><figcaption>Difference from control with its 95 % interval{(outcome.IsRate ? ", in percentage points" : ", per head")}; the dashed line means no difference.{(outcome.Comparisons.Any(each => each.Cuped is not null) ? " Hollow: narrowed by the covariate (CUPED)." : "")}</figcaption></figure>");
        return svg.ToString();
    }

    private static void AddInterval(StringBuilder svg, Comparison result, string style, Func<double, double> x, int y, bool isHollow)
    {
        var (from, to, at) = (x(result.AbsoluteInterval.Lower), x(result.AbsoluteInterval.Upper), x(result.AbsoluteLift));
        var width = isHollow ? 1.5 : 3;
        svg.Append(Culture, $"<g class=\"{style}\"><line x1=\"{from:F1}\" x2=\"{to:F1}\" y1=\"{y}\" y2=\"{y}\" stroke-width=\"{width}\"/>");
        foreach (var end in new[] { from, to })
        {
            svg.Append(Culture, $"<line x1=\"{end:F1}\" x2=\"{end:F1}\" y1=\"{y - 5}\" y2=\"{y + 5}\" stroke-width=\"{width}\"/>");
        }
        svg.Append(Culture, $"<circle cx=\"{at:F1}\" cy=\"{y}\" r=\"{(isHollow ? 4 : 6)}\"{(isHollow ? " class=\"hollow\" stroke-width=\"1.5\"" : "")}/></g>");
    }

    private static string FrequencyPlot(ReachResult reach)
    {
        var greatest = Math.Max(1, reach.Frequencies.Max(each => each.Persons ?? 0));
        var bar = (Width - 20) / reach.Frequencies.Count;
        var svg = new StringBuilder();
        svg.Append(Culture, $"<figure><svg viewBox=\"0 0 {Width} 260\" role=\"img\" aria-labelledby=\"plot-reach\"><title id=\"plot-reach\">Persons by number of contacts: {Text(string.Join(", ", reach.Frequencies.Select(each => $"{each.Times}{(each.OrMore ? " or more" : "")}: {(each.Persons is { } persons ? Number(persons) : "withheld")}")))}</title>");
        for (var i = 0; i < reach.Frequencies.Count; i++)
        {
            var each = reach.Frequencies[i];
            var size = 190.0 * (each.Persons ?? 0) / greatest;
            var x = 10 + (i * bar);
            svg.Append(Culture, $"<rect class=\"bar\" x=\"{x + (bar * 0.12):F1}\" y=\"{220 - size:F1}\" width=\"{bar * 0.76:F1}\" height=\"{size:F1}\" rx=\"3\"/>");
            svg.Append(Culture, $"<text x=\"{x + (bar / 2.0):F1}\" y=\"{212 - size:F1}\" text-anchor=\"middle\">{(each.Persons is { } persons ? Number(persons) : "withheld")}</text>");
            svg.Append(Culture, $"<text class=\"soft\" x=\"{x + (bar / 2.0):F1}\" y=\"242\" text-anchor=\"middle\">{each.Times}{(each.OrMore ? "+" : "")}</text>");
        }
        svg.Append(Culture, $"<line class=\"axis\" x1=\"10\" x2=\"{Width - 10}\" y1=\"220\" y2=\"220\"/></svg></figure>");
        return svg.ToString();
    }

    private static string Caption(LiftOutcome outcome) => $"{Short(outcome.Column)}: " + string.Join("; ", outcome.Comparisons.Select(each =>
        $"{each.Treatment} {Difference(each.Result.AbsoluteLift, outcome.IsRate)}, 95 % interval {Range(each.Result.AbsoluteInterval, outcome.IsRate)}"));

    // 1, 2 or 5 times a power of ten.
    private static double NiceStep(double rough)
    {
        if (!(rough > 0) || double.IsInfinity(rough))
        {
            return 1;
        }
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { <= 1 => power, <= 2 => 2 * power, <= 5 => 5 * power, _ => 10 * power };
    }

    private static string Tick(double value, bool isRate) => isRate ? (value * 100).ToString("0.####", Culture) : value.ToString("0.####", Culture);
}
