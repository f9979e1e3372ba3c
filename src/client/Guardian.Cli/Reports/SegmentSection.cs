using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.Cli.Rooms;
using static Guardian.Cli.Reports.LiftText;

namespace Guardian.Cli.Reports;

/// <summary>The report of lift by segment: for each outcome a table, and the method.</summary>
internal static class SegmentSection
{
    /// <summary>The sentence below the title.</summary>
    public static string WriteLead(SegmentedLiftResult lift)
    {
        if (lift.SampleRatio.IsMismatch)
        {
            return "Nobody can say: the experiment did not run as it was meant to.";
        }
        var found = lift.Segments.Where(segment => segment.Lift is { } shown && shown.Outcomes.SelectMany(outcome => outcome.Comparisons)
            .Any(comparison => comparison.Verdict is LiftVerdict.Increase or LiftVerdict.Decrease)).Select(segment => segment.Value)
                .ToList();
        return found.Count == 0
            ? "No effect is shown in any segment. That does not prove that there is none; see the intervals."
            : $"An effect is shown in <b>{Html.Encode(string.Join(", ", found))}</b>. "
                + $"All {lift.Comparisons} comparisons are judged together.";
    }

    /// <summary>Writes the tables.</summary>
    /// <param name="lift">The report.</param>
    /// <param name="minimumAudience">Persons.</param>
    public static string Write(SegmentedLiftResult lift, int minimumAudience)
    {
        if (SegmentView.Shown(lift).FirstOrDefault() is not { } first)
        {
            return "";
        }
        var page = new StringBuilder();
        for (var outcome = 0; outcome < first.Outcomes.Count; outcome++)
        {
            page.AppendLine($"""
                <section>
                <h2>{Html.EncodeColumn(first.Outcomes[outcome].Column)}</h2>
                {Html.Table($"Against {Html.Encode(first.Control)}, by {Html.EncodeColumn(lift.By)}", [
                    "segment", "treatment", "persons", "lift", "95 %, all together", "relative", "p, adjusted", "verdict"],
                    WriteRows(lift, outcome))}
                </section>
                """);
        }
        var notes = new[]
        {
            SegmentView.DescribeJudgement(lift), SegmentView.DescribeSampleRatio(lift), SegmentView.DescribeWithheld(lift, minimumAudience),
        }.OfType<string>();
        page.AppendLine($"""
            <section>
            <h2>How it was computed</h2>
            <ul>
            {string.Concat(notes.Select(note => $"<li>{Html.Encode(note)}</li>"))}
            </ul>
            </section>
            """);
        return page.ToString();
    }

    private static IEnumerable<string> WriteRows(SegmentedLiftResult lift, int outcome)
    {
        foreach (var segment in lift.Segments)
        {
            var name = Html.Encode(segment.Value);
            // Without noise, a ratio of a segment may be withheld although the segment is not.
            if (segment.Lift is not { } shown || shown.Outcomes[outcome].Comparisons.Count == 0)
            {
                yield return Html.Row(name, [.. Enumerable.Repeat(Html.Cell(""), 6), Html.Cell("withheld")]);
                continue;
            }
            var isRate = shown.Outcomes[outcome].IsRate;
            foreach (var comparison in shown.Outcomes[outcome].Comparisons)
            {
                var (result, verdict) = (comparison.Cuped?.Result ?? comparison.Result, comparison.Verdict);
                yield return Html.Row(name, [
                    Html.Cell(Html.Encode(comparison.Treatment)), Html.Cell(Html.Number(shown.Arms.Sum(arm => arm.Persons))),
                    Html.Cell(Difference(result.AbsoluteLift, isRate)),
                    Html.Cell(comparison.Simultaneous is { } together ? Range(together.Absolute, isRate) : ""),
                    Html.Cell(Percent(result.RelativeLift)), Html.Cell(PValue(comparison.AdjustedPValue)),
                    Html.Cell($"""<span class="{Class(verdict)}">{Arrow(verdict)} {Words(verdict)}</span>""")]);
            }
        }
    }
}
