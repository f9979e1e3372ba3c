using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Measures lift as the contract designed it: intent-to-treat, arms by assignment alone, whatever exposure was.</summary>
internal sealed class LiftAnalysis(RoomContract contract, PersonSets persons, DisclosureRules rules)
{
    private readonly LiftDesign design = contract.Analyses.Lift!;
    private readonly DataSet assigned = contract.FindDataSet(contract.Analyses.Lift!.Assignment.DataSet)!;
    private readonly DataSet measured = contract.FindDataSet(contract.Analyses.Lift!.Outcomes[0].DataSet)!;

    /// <summary>Runs the contract's lift; filters narrow the persons, in all arms alike.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question)
    {
        var arms = assigned.Columns[IndexOf(design.Assignment)].Values;
        var armCells = new CellPart(IndexOf(design.Assignment), 1);
        var (assignedSide, measuredSide) = (persons.Side(question, assigned, [armCells]), persons.Side(question, measured, []));
        SidePlan[] both = [assignedSide, measuredSide];
        SidePlan[] counted = design.Population == LiftPopulation.Matched ? both : [assignedSide];

        // Step 1: who is in each arm, and how many of them were exposed.
        var exposure = design.Exposure is { } flag ? new Measure(0, IndexOf(flag)) : null;
        var armTotals = persons.Engine.SumCells(counted, arms.Count, new SumPlan(exposure is null ? [] : [exposure], []));
        // Step 2: what the matched persons of each arm did.
        var covariate = design.Covariate is { } before ? measured.Columns[IndexOf(before)] : null;
        var outcomes = design.Outcomes.Select(outcome => measured.FindColumn(outcome.Column)!).ToList();
        List<Column> columns = covariate is null ? outcomes : [.. outcomes, covariate];
        var plan = new SumPlan(
            [.. columns.Select(column => new Measure(1, measured.Columns.ToList().IndexOf(column), (uint)LiftTotals.Reach(column)))],
            covariate is null ? [] : [.. outcomes.Select((_, index) => (index, outcomes.Count))]);
        var sums = persons.Engine.SumCells(both, arms.Count, plan);

        // Step 3: noise. A person is in one arm, and there in every figure.
        var noise = new LiftNoise(rules, contract);
        var armCounts = armTotals.Select(arm => noise.Count(arm.Persons)).ToList();
        var exposed = exposure is null ? null : armTotals.Select(arm => noise.Count(arm.Measures[0].Sum)).ToList();
        var matched = design.Population == LiftPopulation.Matched ? (long)armCounts.Aggregate((Int128)0, (sum, arm) => sum + arm.Value) : (long)noise.Count(sums.Sum(arm => arm.Persons)).Value;

        // Step 4: every arm is reported, and the matched persons of all arms are a set that is reported too.
        var byArm = question with { DataSets = [.. counted.Select(side => side.Source.DataSet)], Cells = [new CellColumn(assigned, armCells.Column, arms.Count, armCells.Stride)] };
        var sketches = persons.Sketch(counted, arms.Count);
        var matchedSketches = design.Population == LiftPopulation.Matched ? sketches : persons.Sketch(both, arms.Count);
        List<PersonSet> sets =
        [
            .. sketches.Select((sketch, arm) => persons.SetOf(sketch, byArm, [arm])),
            persons.SetOf(matchedSketches.Aggregate((left, right) => left ^ right), question),
        ];
        if (armCounts.Any(arm => !rules.Allows(arm.Value, [])) || !rules.Allows(matched, persons.Sizes(question)) || !sets.TrueForAll(persons.IsSafe))
        {
            return rules.Withheld();
        }

        // Step 5: the statistics.
        var totals = outcomes.Select((column, outcome) => arms.Select((_, arm) => noise.Total(column, sums[arm].Measures[outcome], armCounts[arm])).ToList()).ToList();
        var known = covariate is null ? null : sums.Select(arm => noise.Covariate(covariate, arm.Measures[outcomes.Count])).ToList();
        var covariates = covariate is null ? null : outcomes.Select((column, outcome) =>
            arms.Select((_, arm) => noise.WithCovariate(totals[outcome][arm], column, covariate, known![arm], sums[arm].Products[outcome])).ToList()).ToList();
        var ratio = SampleRatio.Check([.. armCounts.Select(arm => (long)arm.Value)], design.Shares, armCounts[0].Variance);
        var isRate = outcomes.Select(column => column.Kind == ColumnKind.Flag).ToList();
        var compared = LiftComparisons.Compare(design, arms, ratio, isRate, totals, covariates, exposed?.Select(arm => (double)arm.Value).ToList());
        var result = new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, matched,
            [.. arms.Select((arm, index) => new LiftArm(arm, (long)armCounts[index].Value, arm == design.Control, design.Shares[index], (long?)exposed?[index].Value))],
            ratio, design.Correction, covariate is null ? null : design.Covariate!.ToString(), design.Exposure?.ToString(),
            [.. outcomes.Select((column, outcome) => new LiftOutcome(
                design.Outcomes[outcome].ToString(), isRate[outcome], [.. arms.Zip(totals[outcome], (arm, total) => new LiftTotal(arm, total.Sum, total.Mean))], compared[outcome]))]);
        return new AnalysisResult(sets) { Lift = result };
    }

    private int IndexOf(ColumnReference reference) => contract.FindDataSet(reference.DataSet)!.Columns.ToList().FindIndex(column => column.Name == reference.Column);
}
