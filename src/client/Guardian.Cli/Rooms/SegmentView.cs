using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows the effect of a campaign by segment to people: a table for each outcome, and how all of them are judged.</summary>
internal static class SegmentView
{
    /// <summary>Shows the tables.</summary>
    /// <param name="people">The output.</param>
    /// <param name="lift">The report.</param>
    /// <param name="minimumAudience">Persons.</param>
    public static void Show(TextOutput people, SegmentedLiftResult lift, int minimumAudience)
    {
        if (Shown(lift).FirstOrDefault() is not { } first)
        {
            return;
        }
        for (var outcome = 0; outcome < first.Outcomes.Count; outcome++)
        {
            people.WriteLine($"{first.Outcomes[outcome].Column} by {lift.By}");
            people.WriteTable(CreateTable(lift, outcome));
        }
        people.WriteLine(DescribeJudgement(lift));
        people.WriteLine(DescribeSampleRatio(lift));
        if (DescribeWithheld(lift, minimumAudience) is { } withheld)
        {
            people.WriteLine(withheld);
        }
    }

    /// <summary>The reports of the segments that are shown.</summary>
    public static IEnumerable<LiftResult> Shown(SegmentedLiftResult lift) =>
        lift.Segments.Select(segment => segment.Lift).OfType<LiftResult>();

    /// <summary>The rule by which all comparisons are judged, in two sentences.</summary>
    public static string DescribeJudgement(SegmentedLiftResult lift) =>
        $"All {lift.Comparisons} comparisons of all segments are judged together: a verdict needs an adjusted p below 0.05, by "
        + (Shown(lift).First().Correction == MultipleTesting.Holm
            ? "Holm's correction, so that the chance of any false finding is at most 5 %. "
            : "Benjamini and Hochberg's correction, so that at most 5 % of the findings are expected to be false. ")
        + "The intervals hold together: the chance that any of them leaves out its effect is at most 5 % (Bonferroni). "
        + "A segment with an effect and one without do not show that the effect differs; compare their intervals.";

    /// <summary>The sample ratio, in a sentence.</summary>
    public static string DescribeSampleRatio(SegmentedLiftResult lift)
    {
        var wrong = lift.Segments.Where(segment => segment.Lift is { SampleRatio.IsMismatch: true }).Select(segment => segment.Value)
            .ToList();
        var p = lift.SampleRatio.PValue < 0.0001
            ? "p < 0.0001"
            : string.Create(CultureInfo.InvariantCulture, $"p = {lift.SampleRatio.PValue:F4}");
        return lift.SampleRatio.IsMismatch
            ? $"Sample ratio of all shown segments: {p}: MISMATCH - the arms do not have the intended sizes, so every verdict is withheld."
            : wrong.Count > 0
                ? $"Sample ratio: MISMATCH in {string.Join(", ", wrong)}, whose verdicts are withheld; of all shown segments {p}."
                : $"Sample ratio of all shown segments: {p}: as intended, in each segment too.";
    }

    /// <summary>The segments that are withheld, in a sentence; null for none.</summary>
    public static string? DescribeWithheld(SegmentedLiftResult lift, int minimumAudience)
    {
        var withheld = lift.Segments.Where(segment => segment.Lift is null).Select(segment => segment.Value).ToList();
        return withheld.Count == 0
            ? null
            : $"{string.Join(", ", withheld)}: withheld. An arm has fewer than {minimumAudience} persons, or others' figures would "
                + "reveal one that has.";
    }

    private static TextTable CreateTable(SegmentedLiftResult lift, int outcome)
    {
        var table = new TextTable().AddTextColumns("segment", "against control")
            .AddNumberColumns("lift", "95 %, all together", "relative", "p, adjusted").AddTextColumns("verdict");
        foreach (var segment in lift.Segments)
        {
            if (segment.Lift is not { } shown || shown.Outcomes[outcome].Comparisons.Count == 0)
            {
                table.AddRow(segment.Value, "withheld", "", "", "", "", "");
                continue;
            }
            var isRate = shown.Outcomes[outcome].IsRate;
            foreach (var comparison in shown.Outcomes[outcome].Comparisons)
            {
                var result = comparison.Cuped?.Result ?? comparison.Result;
                table.AddRow(
                    segment.Value, comparison.Treatment, LiftView.Difference(result.AbsoluteLift, isRate),
                    comparison.Simultaneous is { } together ? LiftView.Range(together.Absolute, isRate) : "",
                    LiftView.Percent(result.RelativeLift), LiftView.PValue(comparison.AdjustedPValue),
                    LiftView.Describe(comparison.Verdict));
            }
        }
        return table;
    }
}
