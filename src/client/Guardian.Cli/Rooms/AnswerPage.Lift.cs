using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Rooms;

/// <content>The report of a lift measurement.</content>
internal sealed partial class AnswerPage
{
    private static string LiftLead(LiftResult lift)
    {
        if (lift.SampleRatio.IsMismatch)
        {
            return "Nobody can say: the experiment did not run as it was meant to.";
        }
        var found = lift.Outcomes.SelectMany(outcome => outcome.Comparisons.Where(comparison => comparison.Treatment != "any treatment").Select(comparison => (Outcome: outcome, Comparison: comparison)))
            .Where(each => each.Comparison.Verdict is LiftVerdict.Increase or LiftVerdict.Decrease).ToList();
        if (found.Count == 0)
        {
            return "No effect is shown on any outcome. That does not prove that there is none; see the intervals.";
        }
        var greatest = found.MaxBy(each => Math.Abs(each.Comparison.Result.Z ?? 0));
        var (result, isUp) = (greatest.Comparison.Result, greatest.Comparison.Verdict == LiftVerdict.Increase);
        var all = lift.Outcomes.Sum(outcome => outcome.Comparisons.Count(comparison => comparison.Treatment != "any treatment"));
        return $"{(isUp ? "Yes" : "It did harm")}: <b>{Text(greatest.Comparison.Treatment)}</b> {(isUp ? "raised" : "lowered")} {Text(Short(greatest.Outcome.Column))} by "
            + $"<b>{Difference(Math.Abs(result.AbsoluteLift), greatest.Outcome.IsRate).TrimStart('+')}</b>{(result.RelativeLift is { } relative ? $" ({Percent(relative)})" : "")} against control. "
            + $"{found.Count} of {all} comparisons show an effect, taken together.";
    }

    private static string LiftBody(LiftResult lift)
    {
        var page = new StringBuilder();
        page.AppendLine("<ul class=\"cards\">");
        foreach (var (outcome, comparison) in Shown(lift))
        {
            page.AppendLine(
                $"<li class=\"card\"><p class=\"what\">{Text(comparison.Treatment)}: {Text(Short(outcome.Column))}</p><p class=\"figure {Class(comparison.Verdict)}\">{Arrow(comparison.Verdict)} {Difference(comparison.Result.AbsoluteLift, outcome.IsRate)}</p>"
                + $"<p>95 %: {Range(comparison.Result.AbsoluteInterval, outcome.IsRate)}</p><p>{Incremental(comparison.Result.Incremental, outcome.IsRate)}</p><p class=\"{Class(comparison.Verdict)}\"><b>{Words(comparison.Verdict)}</b></p></li>");
        }
        page.AppendLine("</ul>");
        foreach (var outcome in lift.Outcomes)
        {
            page.AppendLine(Culture, $"<section><h2>{Text(Short(outcome.Column))}</h2>{EffectPlot(outcome)}{Comparisons(lift, outcome)}</section>");
        }
        page.AppendLine(Arms(lift));
        page.AppendLine(Method(lift));
        return page.ToString();
    }

    private static IEnumerable<(LiftOutcome Outcome, LiftComparison Comparison)> Shown(LiftResult lift) =>
        lift.Outcomes.SelectMany(outcome => outcome.Comparisons.Where(comparison => comparison.Treatment != "any treatment").Select(comparison => (outcome, comparison)));

    private static string Comparisons(LiftResult lift, LiftOutcome outcome)
    {
        var (hasCuped, hasExposed) = (outcome.Comparisons.Any(each => each.Cuped is not null), outcome.Comparisons.Any(each => each.Exposed is not null));
        var rows = string.Concat(outcome.Comparisons.Select(comparison =>
        {
            var result = comparison.Result;
            return $"<tr><th scope=\"row\">{Text(comparison.Treatment)}</th><td>{Difference(result.AbsoluteLift, outcome.IsRate)}</td><td>{Range(result.AbsoluteInterval, outcome.IsRate)}</td>"
                + $"<td>{Percent(result.RelativeLift)}</td><td>{(result.RelativeInterval is { } relative ? $"{Percent(relative.Lower)} to {Percent(relative.Upper)}" : "not defined")}</td>"
                + (hasCuped ? $"<td>{(comparison.Cuped is { } cuped ? $"{Difference(cuped.Result.AbsoluteLift, outcome.IsRate)} ({Range(cuped.Result.AbsoluteInterval, outcome.IsRate)})" : "")}</td>" : "")
                + (hasExposed ? $"<td>{(comparison.Exposed is { } exposed ? $"{Difference(exposed.Effect, outcome.IsRate)} ({Range(exposed.Interval, outcome.IsRate)})" : "")}</td>" : "")
                + $"<td>{PValue(comparison.AdjustedPValue)}</td></tr>\n";
        }));
        return $"<div class=\"scroll\"><table><caption>Against {Text(lift.Control)}, everyone as assigned</caption><thead><tr><th scope=\"col\">treatment</th><th scope=\"col\">absolute</th><th scope=\"col\">95 %</th><th scope=\"col\">relative</th><th scope=\"col\">95 %</th>"
            + $"{(hasCuped ? "<th scope=\"col\">narrowed (CUPED)</th>" : "")}{(hasExposed ? "<th scope=\"col\">on the exposed</th>" : "")}<th scope=\"col\">p, adjusted</th></tr></thead><tbody>{rows}</tbody></table></div>";
    }

    private static string Arms(LiftResult lift)
    {
        var hasExposed = lift.Arms.Any(arm => arm.Exposed is not null);
        var head = string.Concat(lift.Outcomes.Select(outcome => $"<th scope=\"col\">{Text(Short(outcome.Column))}</th><th scope=\"col\">{(outcome.IsRate ? "rate" : "per head")}</th>"));
        var rows = string.Concat(lift.Arms.Select(arm =>
            $"<tr><th scope=\"row\">{Text(arm.Name)}{(arm.IsControl ? " (control)" : "")}</th><td>{Number(arm.Persons)}</td><td>{Share((double)arm.Persons / lift.Arms.Sum(each => each.Persons))}</td><td>{Share(arm.IntendedShare)}</td>{(hasExposed ? $"<td>{(arm.Exposed is { } exposed ? Number(exposed) : "")}</td>" : "")}"
            + string.Concat(lift.Outcomes.Select(outcome =>
            {
                var total = outcome.Totals.Single(each => each.Arm == arm.Name);
                return $"<td>{(outcome.IsRate ? Number((long)total.Sum) : total.Sum.ToString("N2", Culture))}</td><td>{(outcome.IsRate ? (100 * total.Mean).ToString("F3", Culture) + " %" : total.Mean.ToString("F4", Culture))}</td>";
            })) + "</tr>\n"));
        return $"<section><h2>The arms</h2><div class=\"scroll\"><table><caption>{(lift.Population == LiftPopulation.Matched ? "Persons in both data sets" : "Everyone assigned; who is in no other data set counts with outcome zero")}</caption><thead><tr><th scope=\"col\">arm</th><th scope=\"col\">persons</th><th scope=\"col\">share</th><th scope=\"col\">intended</th>{(hasExposed ? "<th scope=\"col\">exposed</th>" : "")}{head}</tr></thead><tbody>{rows}</tbody></table></div>"
            + string.Create(Culture, $"<p>Sample ratio, the arms' sizes against the intended shares: chi-square {lift.SampleRatio.ChiSquare:F4} with {lift.SampleRatio.DegreesOfFreedom} degrees of freedom, {Probability(lift.SampleRatio.PValue)}; {(lift.SampleRatio.IsMismatch ? "<b>not</b> as intended" : "as intended")}.</p></section>");
    }

    private static string Method(LiftResult lift) =>
        "<section><h2>How it was computed</h2><p>Intent-to-treat: persons count in the arm they were assigned to, exposed or not. Rates: Newcombe's interval for differences, Katz's for ratios. Means: Welch, delta method. "
        + $"{RoomView.Judgement(lift)} Each interval is for its comparison alone, so it may leave out zero where no effect is shown."
        + (lift.Covariate is { } covariate ? $" CUPED with {Text(covariate)}, known before the campaign." : "")
        + (lift.Exposure is null ? "" : " The effect on the exposed is the difference between the arms over the difference in exposure; exposed and unexposed persons are never compared.")
        + "</p></section>";

    private static string Class(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "increase", LiftVerdict.Decrease => "decrease", LiftVerdict.Withheld => "withheld", _ => "notshown",
    };

    private static string Arrow(LiftVerdict verdict) => verdict switch { LiftVerdict.Increase => "▲", LiftVerdict.Decrease => "▼", _ => "" };

    private static string Words(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "raised", LiftVerdict.Decrease => "lowered", LiftVerdict.Withheld => "no verdict", _ => "no effect shown",
    };

    private static string Incremental(double value, bool isRate) =>
        (isRate ? Number((long)Math.Round(Math.Abs(value))) : Math.Abs(value).ToString("N2", Culture))
        + $" {(value < 0, isRate) switch { (true, true) => "fewer persons", (true, false) => "less in all", (_, true) => "more persons", _ => "more in all" }} than without";

    private static string Share(double share) => (100 * share).ToString("F2", Culture) + " %";

    private static string Range(Interval interval, bool isRate) => $"{Difference(interval.Lower, isRate)} to {Difference(interval.Upper, isRate)}";

    private static string Difference(double value, bool isRate) =>
        isRate ? (value * 100).ToString("+0.000;−0.000", Culture) + " pp" : value.ToString("+0.0000;−0.0000", Culture);

    private static string Percent(double? value) => value is { } number ? (number * 100).ToString("+0.0;−0.0", Culture) + " %" : "not defined";

    private static string Probability(double p) => p < 0.0001 ? "p &lt; 0.0001" : string.Create(Culture, $"p = {p:F4}");

    private static string PValue(double? value) => value is not { } p ? "" : p < 0.0001 ? "&lt; 0.0001" : p.ToString("F4", CultureInfo.InvariantCulture);
}
