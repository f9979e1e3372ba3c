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
        var clusters = ClusterCells.Of(contract);
        var groups = clusters?.Count ?? 1;
        var cells = arms.Count * groups;
        SidePlan[] both = [.. SidesOf(question, clusters)];
        SidePlan[] counted = IsMatchedOnly ? both : both[..^1];
        // The cells of an arm are its clusters.
        IReadOnlyList<CellTotals> OfArms(CellTotals[] totals) =>
            [.. totals.Chunk(groups).Select(arm => arm.Aggregate((left, right) => left + right))];

        // Step 1: the persons of each arm, and the exposed ones among them.
        var exposure = design.Exposure is { } flag ? new Measure(0, IndexOf(flag)) : null;
        var cellTotals = persons.Engine.SumCells(counted, cells, new SumPlan(exposure is null ? [] : [exposure], []));
        var armTotals = OfArms(cellTotals);
        // Step 2: the outcomes of the matched persons of each arm.
        var covariate = design.Covariate is { } before ? measured.Columns[IndexOf(before)] : null;
        var outcomes = design.Outcomes.Select((_, outcome) => design.OutcomeColumn(contract, outcome)).ToList();
        var cellSums = persons.Engine.SumCells(both, cells, PlanSums(both.Length - 1, outcomes, covariate));
        var sums = OfArms(cellSums);

        // Step 3: noise. A person is in one arm, and there in every figure.
        var noise = new LiftNoise(rules, contract);
        var armCounts = armTotals.Select(arm => noise.Count(arm.Persons, LiftFigure.Persons)).ToList();
        var exposed = exposure is null
            ? null
            : armTotals.Select(arm => noise.Count(arm.Measures[0].Sum, LiftFigure.Exposed)).ToList();
        var matched = IsMatchedOnly
            ? (long)armCounts.Aggregate((Int128)0, (sum, arm) => sum + arm.Value)
            : (long)noise.Count(sums.Sum(arm => arm.Persons), LiftFigure.Matched).Value;

        var inClusters = clusters is null
            ? null
            : cellTotals.Select(cell => noise.Count(cell.Persons, LiftFigure.ClusterPersons)).Chunk(groups).ToList();

        // Step 4: the rules. Every arm is reported, and so is the set of matched persons of all arms.
        var sets = FindSets(question, arms.Count);
        if (armCounts.Any(arm => !rules.Allows(arm.Value, [])) || !rules.Allows(matched, persons.SizesOf(question))
            || !sets.TrueForAll(persons.Accept))
        {
            return rules.Withhold();
        }

        // Step 5: the statistics.
        List<T> ByArm<T>(Func<int, T> compute) => [.. Enumerable.Range(0, arms.Count).Select(compute)];
        var totals = outcomes.Select((column, outcome) =>
        {
            var byArm = noise.Totals(outcome, column, ByArm(arm => sums[arm].Measures[outcome]), armCounts);
            return inClusters is null ? byArm : ByArm(arm => byArm[arm] with
            {
                Clusters = noise.Clusters(
                    outcome, column,
                    [.. cellSums.Skip(arm * groups).Take(groups).Select(cell => cell.Measures[outcome])], inClusters[arm]),
            });
        }).ToList();
        var known = covariate is null ? null : ByArm(arm => noise.Covariate(covariate, sums[arm].Measures[outcomes.Count]));
        var covariates = covariate is null ? null : outcomes.Select((column, outcome) => ByArm(arm =>
            noise.WithCovariate(
                outcome, totals[outcome][arm], column, covariate, known![arm], sums[arm].Products[outcome]))).ToList();
        var ratio = inClusters is null
            ? SampleRatio.Check([.. armCounts.Select(arm => (long)arm.Value)], design.Shares, armCounts[0].Variance)
            : SampleRatio.CheckClusters(
                [.. inClusters.Select(arm => arm.Select(cluster => (double)cluster.Value).ToList())], design.Shares);
        var areTooFew = clusters is not null && totals[0].Any(arm => ClusterError.Count(arm.Clusters!) < ClusterError.LeastClusters);
        var isRate = outcomes.Select(column => column.Kind == ColumnKind.Flag).ToList();
        var exposedPersons = exposed?.Select(arm => (double)arm.Value).ToList();
        var compared = LiftComparisons.Compare(
            design, arms, isRate, totals, covariates, exposedPersons, isSound: !ratio.IsMismatch && !areTooFew);
        var result = new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, matched,
            ByArm(arm => new LiftArm(
                arms[arm], (long)armCounts[arm].Value, arms[arm] == design.Control, design.Shares[arm], (long?)exposed?[arm].Value)),
            ratio, design.Correction, covariate is null ? null : design.Covariate!.ToString(), design.Exposure?.ToString(),
            [.. design.Outcomes.Select((column, outcome) => new LiftOutcome(
                column.ToString(), isRate[outcome],
                ByArm(arm => new LiftTotal(arms[arm], totals[outcome][arm].Sum, totals[outcome][arm].Mean)),
                compared[outcome],
                isRate[outcome] ? null : outcomes[outcome].GreatestInSum / (double)CellText.Power(outcomes[outcome].Places)))],
            clusters is null ? null : new LiftClusters(design.Cluster!.ToString(), groups, clusters.HashBits > 0, areTooFew));
        return new AnalysisResult(result, sets);
    }

    /// <summary>Describes a question so that its cells are the arms.</summary>
    public static CompiledQuestion ByArm(RoomContract contract, CompiledQuestion question)
    {
        var assignment = contract.Analyses.Lift!.Assignment;
        var assigned = contract.FindDataSet(assignment.DataSet)!;
        var column = assigned.Columns.ToList().FindIndex(each => each.Name == assignment.Column);
        return question with { Cells = [new CellColumn(assigned, column, assigned.Columns[column].Values.Count, 1)] };
    }

    /// <summary>
    /// Finds the sets of persons of the contract's measurement without any filter; none if too few persons were assigned to an arm, because
    /// then there is nothing to keep. How many of them match does not decide: whether another question is withheld would tell it.
    /// </summary>
    public IReadOnlyList<PersonSet> FindReservedSets(CompiledQuestion question)
    {
        var arms = assigned.Columns[IndexOf(design.Assignment)].Values.Count;
        // Both are computed in any case: the host must not see whether an arm is small.
        var assignedToArm = persons.Engine.CountCells([SidesOf(question, null)[0]], arms);
        var sets = FindSets(question, arms);
        return assignedToArm.Any(count => count < rules.Rules.MinimumAudience) ? [] : sets;
    }

    private SumPlan PlanSums(int side, List<Column> outcomes, Column? covariate)
    {
        var all = measured.Columns.Select(column => column.Name).ToList();
        List<Column> columns = covariate is null ? outcomes : [.. outcomes, covariate];
        return new SumPlan(
            [.. columns.Select(column => new Measure(side, all.IndexOf(column.Name), (uint)LiftTotals.Reach(column)))],
            covariate is null ? [] : [.. outcomes.Select((_, index) => (index, outcomes.Count))]);
    }

    // The cells are the arms, each divided by cluster where there are clusters.
    private IReadOnlyList<SidePlan> SidesOf(CompiledQuestion question, ClusterCells? clusters)
    {
        List<CellPart> parts = [new CellPart(IndexOf(design.Assignment), clusters?.Count ?? 1)];
        if (clusters is not null)
        {
            parts.Add(new CellPart(clusters.Column, 1, HashBits: clusters.HashBits));
        }
        return [.. question.DataSets.Select(dataSet => persons.SideOf(question, dataSet, dataSet == assigned ? parts : []))];
    }

    private List<PersonSet> FindSets(CompiledQuestion question, int arms)
    {
        SidePlan[] both = [.. SidesOf(question, null)];
        SidePlan[] counted = IsMatchedOnly ? both : both[..^1];
        var byArm = ByArm(contract, question);
        var countedByArm = byArm with { DataSets = [.. counted.Select(side => side.Source.DataSet)] };
        var sketches = persons.Sketch(counted, arms);
        var matched = IsMatchedOnly ? sketches : persons.Sketch(both, arms);
        return
        [
            .. sketches.Select((sketch, arm) => persons.SetOf(sketch, countedByArm, [arm])),
            persons.SetOf(matched.Aggregate((left, right) => left ^ right), byArm),
        ];
    }

    private int IndexOf(ColumnReference reference) =>
        contract.FindDataSet(reference.DataSet)!.Columns.ToList().FindIndex(column => column.Name == reference.Column);
}
