using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The reports of the segments of one answer, which are judged together.</summary>
/// <param name="plan">The plan.</param>
/// <param name="segments">The report of each segment that is shown.</param>
/// <param name="all">Whether the arms of all of them together have the intended sizes.</param>
internal sealed class LiftReport(LiftPlan plan, IReadOnlyList<LiftResult> segments, SampleRatio all)
{
    /// <summary>The report of each segment that is shown; one without segments.</summary>
    public IReadOnlyList<LiftResult> Segments => segments;

    /// <summary>Writes the reports.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="figures">The figures of each segment that is shown.</param>
    public static LiftReport Write(LiftPlan plan, IReadOnlyList<LiftFigures> figures)
    {
        var design = plan.Design;
        var all = figures.Select(each => each.Counts).Aggregate(LiftCounts.Add).CheckRatio(design.Shares, 1);
        var ratios = figures.Select(each => each.Counts.CheckRatio(design.Shares, figures.Count)).ToList();
        var compared = LiftComparisons.Compare(
            plan, figures, [.. figures.Zip(ratios, (each, ratio) => !all.IsMismatch && !ratio.IsMismatch && !each.HasTooFewClusters)]);
        return new LiftReport(
            plan, [.. figures.Select((each, segment) => Write(plan, each, ratios[segment], compared[segment]))], all);
    }

    /// <summary>Puts the reports into one answer.</summary>
    /// <param name="by">The column of the segments.</param>
    /// <param name="shown">The segments that are shown.</param>
    public SegmentedLiftResult BySegment(string by, List<int> shown)
    {
        var column = plan.Segments!.Column;
        return new SegmentedLiftResult(
            by, segments.Sum(segment => segment.Outcomes.Sum(outcome => outcome.Comparisons.Count)), all,
            [.. Enumerable.Range(0, plan.SegmentCount).Select(segment => new LiftSegment(
                CellText.Write(column, column.Minimum + segment),
                shown.IndexOf(segment) is var index and >= 0 ? segments[index] : null))]);
    }

    private static LiftResult Write(
        LiftPlan plan, LiftFigures figures, SampleRatio ratio, IReadOnlyList<IReadOnlyList<LiftComparison>> compared)
    {
        var (design, counts) = (plan.Design, figures.Counts);
        List<T> ByArm<T>(Func<int, T> compute) => [.. Enumerable.Range(0, plan.Arms.Count).Select(compute)];
        return new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, counts.Matched,
            ByArm(arm => new LiftArm(
                plan.Arms[arm], (long)counts.Persons[arm].Value, plan.Arms[arm] == design.Control, design.Shares[arm],
                (long?)counts.Exposed?[arm].Value)),
            ratio, design.Correction, design.Covariate?.ToString(), design.Exposure?.ToString(),
            [.. plan.Outcomes.Select((column, outcome) => new LiftOutcome(
                design.Outcomes[outcome].ToString(), column.Kind == ColumnKind.Flag,
                ByArm(arm => new LiftTotal(plan.Arms[arm], figures.Totals[outcome][arm].Sum, figures.Totals[outcome][arm].Mean)),
                compared[outcome],
                column.Kind == ColumnKind.Flag ? null : column.GreatestInSum / (double)CellText.Power(column.Places))),
            .. design.Ratios.Select((ratio, index) => new LiftOutcome(
                ratio.Name, false,
                figures.Ratios[index] is { } totals
                    ? ByArm(arm => new LiftTotal(plan.Arms[arm], totals[arm].Numerator.Sum, totals[arm].Value))
                    : [],
                compared[plan.Outcomes.Count + index], null, design.Outcomes[ratio.Denominator].ToString()))],
            plan.Clusters is { } clusters
                ? new LiftClusters(design.Cluster!.ToString(), clusters.Count, clusters.HashBits > 0, figures.HasTooFewClusters)
                : null);
    }
}
