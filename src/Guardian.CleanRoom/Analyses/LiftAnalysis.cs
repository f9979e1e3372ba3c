namespace Guardian.CleanRoom;

/// <summary>Measures lift as the contract designed it: intent-to-treat, arms by assignment alone, whatever exposure was.</summary>
internal sealed class LiftAnalysis(RoomContract contract, RoomLayout layout, DisclosureRules rules, int threads)
{
    private const string AnyTreatment = "any treatment";

    /// <summary>Runs the contract's lift; filters narrow the persons, in all arms alike.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions)
    {
        if (contract.Privacy.Epsilon is not null)
        {
            return new RoomRefusal(RefusalKind.Forbidden, "lift-needs-exact-counts", "this release measures lift on exact counts only");
        }
        var design = contract.Analyses.Lift!;
        var assigned = contract.FindDataSet(design.Assignment.DataSet)!;
        var measured = contract.FindDataSet(design.Outcomes[0].DataSet)!;
        if (FindFilterAfterAssignment(question, design, measured) is { } refusal)
        {
            return refusal;
        }
        var assignment = IndexOf(assigned, design.Assignment);
        var columns = design.Outcomes.Select(outcome => IndexOf(measured, outcome)).ToList();
        var arms = assigned.Columns[assignment].Values;
        var engine = new MatchEngine(layout, threads);
        var assignedSide = new SidePlan(versions[assigned.Name].Source, question.Filters[assigned.Name], [new CellPart(assignment, 1)]);
        var measuredSide = new SidePlan(versions[measured.Name].Source, question.Filters[measured.Name], []);
        var sums = engine.SumCells([assignedSide, measuredSide], arms.Count, new SumPlan([.. columns.Select(column => new Measure(1, column))], []));
        var persons = design.Population == LiftPopulation.Matched ? [.. sums.Select(arm => arm.Persons)] : engine.CountCells([assignedSide], arms.Count);
        var matched = sums.Sum(arm => arm.Persons);
        // Every arm is reported, and the matched persons of all arms are a set that is reported too.
        var sizes = versions.Values.Select(version => (long)version.Rows);
        if (persons.Any(count => !rules.Allows(count, [])) || !rules.Allows(matched, sizes))
        {
            return rules.Withheld();
        }
        var totals = design.Outcomes.Select((_, outcome) => arms.Select((_, arm) =>
            Total(sums[arm].Measures[outcome], measured.Columns[columns[outcome]], persons[arm])).ToList());
        return new AnalysisResult(null, null, new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, matched,
            [.. arms.Select((arm, index) => new LiftArm(arm, persons[index], arm == design.Control))],
            SampleRatio.Check(persons, design.Shares),
            [.. totals.Select((byArm, outcome) => Compare(design.Outcomes[outcome].ToString(), measured.Columns[columns[outcome]], arms, design.Control, byArm))]));
    }

    // Who is filtered by what happened after assignment is no longer compared with his like.
    private static RoomRefusal? FindFilterAfterAssignment(CompiledQuestion question, LiftDesign design, DataSet measured)
    {
        foreach (var predicate in question.Question.Where.SelectMany(condition => condition.Predicates()))
        {
            if (design.Outcomes.Any(outcome => outcome.ToString() == predicate.Column) || predicate.Column == design.Assignment.ToString() || predicate.Column == design.Exposure?.ToString())
            {
                return new RoomRefusal(
                    RefusalKind.Forbidden, "filter-not-before-assignment",
                    $"lift cannot be filtered by '{predicate.Column}': it is the assignment, the exposure or an outcome; filter by what was known before, or the arms are no longer alike");
            }
        }
        return design.Population == LiftPopulation.Assigned && question.Filters[measured.Name].Count > 0
            ? new RoomRefusal(
                RefusalKind.Forbidden, "filter-needs-match",
                $"lift over everyone assigned cannot be filtered by columns of '{measured.Name}', which only matched persons have")
            : null;
    }

    private static ArmTotal Total(MeasureSums sums, Column column, long persons)
    {
        // The sums are of distances from the minimum: Σ(m+d) = nm + Σd, Σ(m+d)² = nm² + 2mΣd + Σd².
        Int128 minimum = column.Minimum;
        var scale = (double)CellText.Power(column.Places);
        return new ArmTotal(
            persons,
            (double)((sums.Count * minimum) + sums.Sum) / scale,
            (double)((sums.Count * minimum * minimum) + (2 * minimum * sums.Sum) + sums.SumOfSquares) / (scale * scale));
    }

    private static LiftOutcome Compare(string name, Column column, IReadOnlyList<string> arms, string control, List<ArmTotal> totals)
    {
        var isRate = column.Kind == ColumnKind.Flag;
        var baseline = totals[arms.ToList().IndexOf(control)];
        Comparison Against(ArmTotal treated) => isRate ? Comparison.OfRates(treated, baseline) : Comparison.OfMeans(treated, baseline);

        var treated = arms.Zip(totals).Where(arm => arm.First != control).ToList();
        var comparisons = treated.Select(arm => new LiftComparison(arm.First, Against(arm.Second))).ToList();
        if (treated.Count > 1)
        {
            comparisons.Add(new LiftComparison(AnyTreatment, Against(treated.Select(arm => arm.Second).Aggregate(ArmTotal.Add))));
        }
        return new LiftOutcome(name, isRate, [.. arms.Zip(totals, (arm, total) => new LiftTotal(arm, total.Sum, total.Mean))], comparisons);
    }

    private static int IndexOf(DataSet dataSet, ColumnReference reference) => dataSet.Columns.ToList().FindIndex(column => column.Name == reference.Column);
}
