using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Measures lift as the contract designed it: intent-to-treat, with arms by assignment alone, whatever the exposure.</summary>
internal sealed class LiftAnalysis(RoomContract contract, PersonSets persons, DisclosureRules rules)
{
    private readonly LiftDesign design = contract.Analyses.Lift!;
    private readonly DataSet assigned = contract.FindDataSet(contract.Analyses.Lift!.Assignment.DataSet)!;
    private readonly DataSet measured = contract.FindDataSet(contract.Analyses.Lift!.Outcomes[0].DataSet)!;

    private bool IsMatchedOnly => design.Population == LiftPopulation.Matched;

    /// <summary>Runs the contract's lift measurement; filters narrow the persons of all arms alike.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question)
    {
        var arms = assigned.Columns[IndexOf(design.Assignment)].Values;
        var armCells = new CellPart(IndexOf(design.Assignment), 1);
        var (assignedSide, measuredSide) = (persons.SideOf(question, assigned, [armCells]), persons.SideOf(question, measured, []));
        SidePlan[] both = [assignedSide, measuredSide];
        SidePlan[] counted = IsMatchedOnly ? both : [assignedSide];

        // Step 1: the persons of each arm, and the exposed ones among them.
        var exposure = design.Exposure is { } flag ? new Measure(0, IndexOf(flag)) : null;
        var armTotals = persons.Engine.SumCells(counted, arms.Count, new SumPlan(exposure is null ? [] : [exposure], []));
        // Step 2: the outcomes of the matched persons of each arm.
        var covariate = design.Covariate is { } before ? measured.Columns[IndexOf(before)] : null;
        var outcomes = design.Outcomes.Select((_, outcome) => design.OutcomeColumn(contract, outcome)).ToList();
        var sums = persons.Engine.SumCells(both, arms.Count, PlanSums(outcomes, covariate));

        // Step 3: noise. A person is in one arm, and there in every figure.
        var noise = new LiftNoise(rules, contract);
        var armCounts = armTotals.Select(arm => noise.Count(arm.Persons, LiftFigure.Persons)).ToList();
        var exposed = exposure is null
            ? null
            : armTotals.Select(arm => noise.Count(arm.Measures[0].Sum, LiftFigure.Exposed)).ToList();
        var matched = IsMatchedOnly
            ? (long)armCounts.Aggregate((Int128)0, (sum, arm) => sum + arm.Value)
            : (long)noise.Count(sums.Sum(arm => arm.Persons), LiftFigure.Matched).Value;

        // Step 4: the rules. Every arm is reported, and so is the set of matched persons of all arms.
        var sets = FindSets(question, counted, both, arms.Count);
        if (armCounts.Any(arm => !rules.Allows(arm.Value, [])) || !rules.Allows(matched, persons.SizesOf(question))
            || !sets.TrueForAll(question.IsReserved ? persons.IsSafeAsReserved : persons.IsSafe))
        {
            return rules.Withhold();
        }

        // Step 5: the statistics.
        List<T> ByArm<T>(Func<int, T> compute) => [.. Enumerable.Range(0, arms.Count).Select(compute)];
        var totals = outcomes.Select((column, outcome) =>
            noise.Totals(outcome, column, ByArm(arm => sums[arm].Measures[outcome]), armCounts)).ToList();
        var known = covariate is null ? null : ByArm(arm => noise.Covariate(covariate, sums[arm].Measures[outcomes.Count]));
        var covariates = covariate is null ? null : outcomes.Select((column, outcome) => ByArm(arm =>
            noise.WithCovariate(
                outcome, totals[outcome][arm], column, covariate, known![arm], sums[arm].Products[outcome]))).ToList();
        var ratio = SampleRatio.Check([.. armCounts.Select(arm => (long)arm.Value)], design.Shares, armCounts[0].Variance);
        var isRate = outcomes.Select(column => column.Kind == ColumnKind.Flag).ToList();
        var exposedPersons = exposed?.Select(arm => (double)arm.Value).ToList();
        var compared = LiftComparisons.Compare(design, arms, ratio, isRate, totals, covariates, exposedPersons);
        var result = new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, matched,
            ByArm(arm => new LiftArm(
                arms[arm], (long)armCounts[arm].Value, arms[arm] == design.Control, design.Shares[arm], (long?)exposed?[arm].Value)),
            ratio, design.Correction, covariate is null ? null : design.Covariate!.ToString(), design.Exposure?.ToString(),
            [.. design.Outcomes.Select((column, outcome) => new LiftOutcome(
                column.ToString(), isRate[outcome],
                ByArm(arm => new LiftTotal(arms[arm], totals[outcome][arm].Sum, totals[outcome][arm].Mean)),
                compared[outcome],
                isRate[outcome] ? null : outcomes[outcome].GreatestInSum / (double)CellText.Power(outcomes[outcome].Places)))]);
        return new AnalysisResult(result, sets);
    }

    /// <summary>
    /// Finds the sets of persons of the contract's measurement without any filter; none when an arm is too small for it anyway, because
    /// then there is nothing to keep.
    /// </summary>
    public IReadOnlyList<PersonSet> FindReservedSets(CompiledQuestion question)
    {
        var arms = assigned.Columns[IndexOf(design.Assignment)].Values.Count;
        SidePlan[] both =
        [
            persons.SideOf(question, assigned, [new CellPart(IndexOf(design.Assignment), 1)]), persons.SideOf(question, measured, []),
        ];
        SidePlan[] counted = IsMatchedOnly ? both : [both[0]];
        // Both are computed in any case: the host must not see whether an arm is small.
        var counts = persons.Engine.CountCells(counted, arms);
        var sets = FindSets(question, counted, both, arms);
        return counts.Any(count => count < rules.Rules.MinimumAudience) ? [] : sets;
    }

    private SumPlan PlanSums(List<Column> outcomes, Column? covariate)
    {
        var all = measured.Columns.Select(column => column.Name).ToList();
        List<Column> columns = covariate is null ? outcomes : [.. outcomes, covariate];
        return new SumPlan(
            [.. columns.Select(column => new Measure(1, all.IndexOf(column.Name), (uint)LiftTotals.Reach(column)))],
            covariate is null ? [] : [.. outcomes.Select((_, index) => (index, outcomes.Count))]);
    }

    private List<PersonSet> FindSets(CompiledQuestion question, SidePlan[] counted, SidePlan[] both, int arms)
    {
        var byArm = question with
        {
            DataSets = [.. counted.Select(side => side.Source.DataSet)],
            Cells = [new CellColumn(assigned, IndexOf(design.Assignment), arms, 1)],
        };
        var sketches = persons.Sketch(counted, arms);
        var matched = IsMatchedOnly ? sketches : persons.Sketch(both, arms);
        return
        [
            .. sketches.Select((sketch, arm) => persons.SetOf(sketch, byArm, [arm])),
            persons.SetOf(matched.Aggregate((left, right) => left ^ right), question),
        ];
    }

    private int IndexOf(ColumnReference reference) =>
        contract.FindDataSet(reference.DataSet)!.Columns.ToList().FindIndex(column => column.Name == reference.Column);
}
