using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Rooms;
using static Guardian.Cli.Reports.LiftText;

namespace Guardian.Cli.Reports;

/// <summary>The report of a lift measurement: a card for each comparison, a plot and a table for each outcome, the arms, and the
/// method.</summary>
internal static class LiftSection
{
    private const string AnyTreatment = "any treatment";

    /// <summary>The sentence below the title.</summary>
    public static string WriteLead(LiftResult lift)
    {
        if (lift.SampleRatio.IsMismatch)
        {
            return "Nobody can say: the experiment did not run as it was meant to.";
        }
        if (lift.Clusters?.AreTooFew == true)
        {
            return "Nobody can say: an arm has fewer than two clusters, so chance cannot be told from the campaign.";
        }
        var single = FindSingleTreatments(lift).ToList();
        var found = single.Where(each => each.Comparison.Verdict is LiftVerdict.Increase or LiftVerdict.Decrease).ToList();
        if (found.Count == 0)
        {
            return "No effect is shown on any outcome. That does not prove that there is none; see the intervals.";
        }
        var (outcome, comparison) = found.MaxBy(each => Math.Abs(each.Comparison.Result.Z ?? 0));
        var isUp = comparison.Verdict == LiftVerdict.Increase;
        var treatment = $"<b>{Html.Encode(comparison.Treatment)}</b>";
        var size = $"<b>{Difference(Math.Abs(comparison.Result.AbsoluteLift), outcome.IsRate).TrimStart('+')}</b>";
        var relative = comparison.Result.RelativeLift is { } share ? $" ({Percent(share)})" : "";
        return $"{(isUp ? "Yes" : "It did harm")}: {treatment} {(isUp ? "raised" : "lowered")} {Html.EncodeColumn(outcome.Column)} by "
            + $"{size}{relative} against control. {LiftView.CountFound(lift)}";
    }

    /// <summary>The alarm above a report whose arms do not have the intended sizes.</summary>
    public static string WriteMismatch(LiftResult lift)
    {
        var persons = lift.Arms.Sum(arm => arm.Persons);
        var sizes = string.Join(", ", lift.Arms.Select(arm =>
            $"{Html.Encode(arm.Name)}: {Share((double)arm.Persons / persons)} instead of {Share(arm.IntendedShare)}"));
        return $"""
            <p class="notice alarm" role="alert"><b>No verdict.</b> The arms do not have the intended sizes ({sizes};
                {Probability(lift.SampleRatio.PValue)}). Something other than the campaign
                parted them; find it before reading the figures.</p>
            """;
    }

    public static string Write(LiftResult lift, CampaignCosts? costs)
    {
        var page = new StringBuilder();
        page.AppendLine("""<ul class="cards">""");
        foreach (var (outcome, comparison) in FindSingleTreatments(lift))
        {
            page.AppendLine(WriteCard(outcome, comparison));
        }
        page.AppendLine("</ul>");
        if (costs is not null)
        {
            page.AppendLine(WriteReturns(lift, costs));
        }
        foreach (var outcome in lift.Outcomes.Where(each => each.Comparisons.Count > 0))
        {
            page.AppendLine($"""
                <section>
                <h2>{Html.EncodeColumn(outcome.Column)}</h2>
                {EffectPlot.Write(outcome)}
                {WriteComparisons(lift, outcome)}
                </section>
                """);
        }
        page.AppendLine(WriteArms(lift));
        page.AppendLine(WriteMethod(lift));
        return page.ToString();
    }

    // The comparison of all treatments together has no card: it says the same again.
    private static IEnumerable<(LiftOutcome Outcome, LiftComparison Comparison)> FindSingleTreatments(LiftResult lift) =>
        lift.Outcomes.SelectMany(outcome =>
        outcome.Comparisons.Where(comparison => comparison.Treatment != AnyTreatment).Select(comparison => (outcome, comparison)));

    private static string WriteCard(LiftOutcome outcome, LiftComparison comparison)
    {
        var (result, verdict) = (comparison.Result, comparison.Verdict);
        return $"""
            <li class="card">
            <p class="what">{Html.Encode(comparison.Treatment)}: {Html.EncodeColumn(outcome.Column)}</p>
            <p class="figure {Class(verdict)}">{Arrow(verdict)} {Difference(result.AbsoluteLift, outcome.IsRate)}</p>
            <p>95 %: {Range(result.AbsoluteInterval, outcome.IsRate)}</p>
            <p>{Incremental(result.Incremental, outcome.IsRate)}</p>
            <p class="{Class(verdict)}"><b>{Words(verdict)}</b></p>
            </li>
            """;
    }

    private static string WriteReturns(LiftResult lift, CampaignCosts costs)
    {
        var returns = LiftMoney.Of(lift, costs);
        string Money(double value) => value.ToString("N0", Html.Culture);
        string Factor(double value) => value.ToString("0.00", Html.Culture);
        var rows = returns.Select(each => Html.Row(Html.Encode(each.Treatment), [
            Html.Cell(Money(each.IncrementalRevenue)),
            Html.Cell($"{Money(each.IncrementalInterval.Lower)} to {Money(each.IncrementalInterval.Upper)}"),
            Html.Cell(Money(each.Cost)), Html.Cell(Factor(each.Return)),
            Html.Cell($"{Factor(each.ReturnInterval.Lower)} to {Factor(each.ReturnInterval.Upper)}")]));
        var currency = Html.Encode(costs.Currency);
        return $"""
            <section>
            <h2>The return</h2>
            {Html.Table($"Incremental {Html.EncodeColumn(costs.Revenue)} in {currency}", [
                "treatment", "more revenue", "95 %", "cost", $"per {currency} spent", "95 %"], rows)}
            <ul>
            {string.Concat(returns.Select(each => $"<li>{Html.Encode(LiftMoney.Describe(each, costs))}</li>"))}
            </ul>
            </section>
            """;
    }

    private static string WriteComparisons(LiftResult lift, LiftOutcome outcome)
    {
        var hasCuped = outcome.Comparisons.Any(each => each.Cuped is not null);
        var hasExposed = outcome.Comparisons.Any(each => each.Exposed is not null);
        var hasLooks = outcome.Comparisons.Any(each => each.AlwaysValid is not null);
        List<string> titles = ["treatment", "absolute", "95 %", "relative", "95 %"];
        if (hasLooks)
        {
            titles.Add("95 %, at every look");
        }
        if (hasCuped)
        {
            titles.Add("narrowed (CUPED)");
        }
        if (hasExposed)
        {
            titles.Add("on the exposed");
        }
        titles.Add("p, adjusted");
        var rows = outcome.Comparisons.Select(
            each => Html.Row(Html.Encode(each.Treatment), WriteCells(each, outcome.IsRate, hasLooks, hasCuped, hasExposed)));
        return Html.Table($"Against {Html.Encode(lift.Control)}, everyone as assigned", titles, rows);
    }

    private static IEnumerable<string> WriteCells(
        LiftComparison comparison, bool isRate, bool hasLooks, bool hasCuped, bool hasExposed)
    {
        var result = comparison.Result;
        yield return Html.Cell(Difference(result.AbsoluteLift, isRate));
        yield return Html.Cell(Range(result.AbsoluteInterval, isRate));
        yield return Html.Cell(Percent(result.RelativeLift));
        yield return Html.Cell(
            result.RelativeInterval is { } relative ? $"{Percent(relative.Lower)} to {Percent(relative.Upper)}" : "not defined");
        if (hasLooks)
        {
            yield return Html.Cell(comparison.AlwaysValid is { } always ? Range(always.Interval, isRate) : "");
        }
        if (hasCuped)
        {
            yield return Html.Cell(comparison.Cuped?.Result is { } cuped
                ? $"{Difference(cuped.AbsoluteLift, isRate)} ({Range(cuped.AbsoluteInterval, isRate)})"
                    + (cuped.RelativeInterval is { } narrowed
                        ? $"; {Percent(cuped.RelativeLift)} ({Percent(narrowed.Lower)} to {Percent(narrowed.Upper)})"
                        : "")
                : "");
        }
        if (hasExposed)
        {
            yield return Html.Cell(
                comparison.Exposed is { } exposed ? $"{Difference(exposed.Effect, isRate)} ({Range(exposed.Interval, isRate)})" : "");
        }
        yield return Html.Cell(PValue(comparison.AdjustedPValue));
    }

    private static string WriteArms(LiftResult lift)
    {
        var hasExposed = lift.Arms.Any(arm => arm.Exposed is not null);
        List<string> titles = ["arm", "persons", "share", "intended"];
        if (hasExposed)
        {
            titles.Add("exposed");
        }
        titles.AddRange(
            lift.Outcomes.SelectMany(outcome => new[] { Html.EncodeColumn(outcome.Column), Html.Encode(LiftView.LevelTitle(outcome)) }));
        var caption = lift.Population == LiftPopulation.Matched
            ? "Persons in both data sets"
            : "Everyone assigned; who is in no other data set counts with outcome zero";
        var rows = lift.Arms.Select(
            arm => Html.Row(Html.Encode(arm.Name) + (arm.IsControl ? " (control)" : ""), WriteCells(lift, arm, hasExposed)));
        var ratio = lift.SampleRatio;
        var check = string.Create(
            Html.Culture,
            $"chi-square {ratio.ChiSquare:F4} with {ratio.DegreesOfFreedom} degree{(ratio.DegreesOfFreedom == 1 ? "" : "s")} of freedom, "
            + $"{Probability(ratio.PValue)}");
        return $"""
            <section>
            <h2>The arms</h2>
            {Html.Table(caption, titles, rows)}
            <p>Sample ratio, the arms' sizes against the intended shares: {check};
                {(ratio.IsMismatch ? "<b>not</b> as intended" : "as intended")}.</p>
            </section>
            """;
    }

    private static IEnumerable<string> WriteCells(LiftResult lift, LiftArm arm, bool hasExposed)
    {
        yield return Html.Cell(Html.Number(arm.Persons));
        yield return Html.Cell(Share((double)arm.Persons / lift.Arms.Sum(each => each.Persons)));
        yield return Html.Cell(Share(arm.IntendedShare));
        if (hasExposed)
        {
            yield return Html.Cell(arm.Exposed is { } exposed ? Html.Number(exposed) : "");
        }
        foreach (var outcome in lift.Outcomes)
        {
            if (outcome.Totals.SingleOrDefault(each => each.Arm == arm.Name) is not { } total)
            {
                yield return Html.Cell("withheld");
                yield return Html.Cell("");
                continue;
            }
            yield return Html.Cell(outcome.IsRate ? Html.Number((long)total.Sum) : total.Sum.ToString("N2", Html.Culture));
            yield return Html.Cell(
                outcome.IsRate ? (100 * total.Mean).ToString("F3", Html.Culture) + " %" : total.Mean.ToString("F4", Html.Culture));
        }
    }

    private static string WriteMethod(LiftResult lift)
    {
        var rules = "Intent-to-treat: persons count in the arm they were assigned to, exposed or not. "
            + (lift.Clusters is null
                ? "Rates: Newcombe's interval for differences, Katz's for ratios. Means: Welch, delta method."
                : Html.Encode(LiftView.DescribeErrors(lift)[..1].ToUpperInvariant() + LiftView.DescribeErrors(lift)[1..]) + ".");
        const string intervals = "Each interval is for its comparison alone, so it may leave out zero where no effect is shown.";
        var covariate = lift.Covariate is { } column ? $" CUPED with {Html.Encode(column)}, known before the campaign." : "";
        var notes = new[] { LiftView.DescribeLooks(lift), LiftView.DescribeWithheldRatios(lift) }.OfType<string>();
        var exposure = lift.Exposure is null
            ? ""
            : " The effect on the exposed is the difference between the arms over the difference in exposure; exposed and unexposed "
                + "persons are never compared.";
        return $"""
            <section>
            <h2>How it was computed</h2>
            <p>{rules} {LiftView.DescribeJudgement(lift)} {intervals}{covariate}{exposure}</p>
            <ul>
            {string.Concat(NoiseAdvice.Of(lift).Concat(notes).Select(line => $"<li>{Html.Encode(line)}</li>"))}
            </ul>
            </section>
            """;
    }
}
