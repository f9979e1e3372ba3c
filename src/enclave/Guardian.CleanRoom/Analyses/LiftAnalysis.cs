using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Measures lift as the contract designed it, of everybody or by segment: intent-to-treat, with arms by assignment alone, whatever the
/// exposure.
/// </summary>
internal sealed class LiftAnalysis(RoomContract contract, PersonSets persons, DisclosureRules rules)
{
    /// <summary>Runs the contract's lift measurement; filters narrow the persons of all arms alike.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question)
    {
        var plan = new LiftPlan(contract, question.Segments);
        SidePlan[] both = [.. SidesOf(plan, question, withClusters: true)];
        SidePlan[] counted = plan.IsMatchedOnly ? both : both[..^1];
        IReadOnlyList<CellTotals[]> OfSegments(CellTotals[] cells) => [.. cells.Chunk(cells.Length / plan.SegmentCount)];

        // Step 1: the persons of each arm, the exposed ones among them, and the outcomes of the matched ones.
        var countedCells = OfSegments(persons.Engine.SumCells(
            counted, plan.CellCount, new SumPlan(plan.Exposure is { } exposure ? [exposure] : [], [])));
        var matchedCells = OfSegments(persons.Engine.SumCells(both, plan.CellCount, plan.PlanSums(both.Length - 1)));

        var partsInRatios = plan.Design.Ratios.Select(ratio => CountParts(plan, question, both, ratio)).ToList();

        // Step 2: noise for the counts of every segment, shown or not. A person is in one segment only.
        var noise = new LiftNoise(rules, contract);
        var counts = countedCells.Zip(matchedCells, (all, matched) => LiftCounts.Of(plan, noise, all, matched)).ToList();

        // Step 3: the rules. In each segment, every arm is reported, and so is the set of matched persons of all arms.
        var sets = FindSets(plan, question);
        var sizes = persons.SizesOf(question).ToList();
        bool IsLarge(int segment) =>
            counts[segment].Persons.All(arm => rules.Allows(arm.Value, [])) && rules.Allows(counts[segment].Matched, sizes);
        var shown = Enumerable.Range(0, plan.SegmentCount).Where(segment => sets[segment].Aggregate(
            IsOpen(plan, segment) && IsLarge(segment), (isShown, set) => persons.Accept(set, isShown))).ToList();
        if (shown.Count == 0)
        {
            return rules.Withhold();
        }

        // Step 4: the statistics.
        var figures = shown.Select(segment => LiftFigures.Of(
            plan, noise, counts[segment], matchedCells[segment],
            [.. partsInRatios.Select(parts => parts is null || parts.Skip(segment * plan.Arms.Count).Take(plan.Arms.Count)
                .All(count => count >= rules.Rules.MinimumAudience))])).ToList();
        var results = LiftReport.Write(plan, figures);
        return new AnalysisResult(
            plan.Segments is null ? results.Segments[0] : results.BySegment(question.Question.By[0], shown),
            [.. shown.SelectMany(segment => sets[segment])]);
    }

    /// <summary>
    /// Finds the sets of persons of the contract's measurement without any filter; none if too few persons were assigned to an arm, because
    /// then there is nothing to keep. How many of them match does not decide: whether another question is withheld would tell it.
    /// </summary>
    public IReadOnlyList<PersonSet> FindReservedSets(CompiledQuestion question)
    {
        var plan = new LiftPlan(contract, null);
        // Both are computed in any case: the host must not see whether an arm is small.
        var assignedToArm = persons.Engine.CountCells([SidesOf(plan, question, withClusters: false)[0]], plan.Arms.Count);
        var sets = FindSets(plan, question)[0];
        return assignedToArm.Any(count => count < rules.Rules.MinimumAudience) ? [] : sets;
    }

    // Without noise, the error of a ratio tells the sum of the products. It must not be that of a few persons.
    private long[]? CountParts(LiftPlan plan, CompiledQuestion question, SidePlan[] both, LiftRatio ratio)
    {
        if (rules.Rules.Epsilon is not null)
        {
            return null;
        }
        var sides = SidesOf(plan, question, withClusters: false).ToList();
        sides[^1] = sides[^1] with { Where = [.. both[^1].Where, .. plan.PartIn(ratio)] };
        return persons.Engine.CountCells(sides, plan.SegmentCount * plan.Arms.Count);
    }

    // A segment whose value the owner did not open is none that a question may name.
    private static bool IsOpen(LiftPlan plan, int segment) =>
        plan.Segments is null || plan.Segments.Column.IsOpen(plan.Segments.Column.Minimum + segment);

    private IReadOnlyList<SidePlan> SidesOf(LiftPlan plan, CompiledQuestion question, bool withClusters) =>
        [.. question.DataSets.Select(dataSet => persons.SideOf(question, dataSet, plan.PartsOf(dataSet, withClusters)))];

    // By segment: the set of each arm, and that of the matched persons of all arms.
    private List<IReadOnlyList<PersonSet>> FindSets(LiftPlan plan, CompiledQuestion question)
    {
        SidePlan[] both = [.. SidesOf(plan, question, withClusters: false)];
        SidePlan[] counted = plan.IsMatchedOnly ? both : both[..^1];
        var arms = plan.Arms.Count;
        var all = question with { DataSets = [.. counted.Select(side => side.Source.DataSet)] };
        var sketches = persons.Sketch(counted, plan.SegmentCount * arms);
        var matched = plan.IsMatchedOnly ? sketches : persons.Sketch(both, plan.SegmentCount * arms);
        return [.. Enumerable.Range(0, plan.SegmentCount).Select(segment =>
        {
            List<int> cells = [.. Enumerable.Range(segment * arms, arms)];
            return (IReadOnlyList<PersonSet>)[
                .. cells.Select(cell => persons.SetOf(sketches[cell], all, [cell])),
                persons.SetOf(cells.Select(cell => matched[cell]).Aggregate((left, right) => left ^ right), question, cells)];
        })];
    }
}
