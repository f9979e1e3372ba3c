using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Results of an analysis that passed the rules; one is set.</summary>
/// <param name="Sets">The sets of persons that it is about.</param>
internal sealed record AnalysisResult(IReadOnlyList<PersonSet> Sets)
{
    public OverlapResult? Overlap { get; init; }

    public CrosstabResult? Crosstab { get; init; }

    public SumResult? Sum { get; init; }

    public ReachResult? Reach { get; init; }

    public LiftResult? Lift { get; init; }

    public ActivationResult? Activation { get; init; }
}

/// <summary>
/// Runs compiled questions: matches, then applies the rules. Nothing but what the rules allow comes out. What is computed follows from the question alone; the rules
/// look at the figures only afterwards, so that a refusal takes as long as an answer.
/// </summary>
internal sealed class Analyst(RoomContract contract, PersonSets persons, DisclosureRules rules)
{
    /// <summary>Runs a question.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question) => question.Question.Kind switch
    {
        QuestionKind.Overlap => RunOverlap(question),
        QuestionKind.Crosstab => RunCrosstab(question),
        QuestionKind.Sum => RunSum(question),
        QuestionKind.Reach => RunReach(question),
        QuestionKind.Lift => new LiftAnalysis(contract, persons, rules).Run(question),
        _ => RunActivation(question),
    };

    private Outcome<AnalysisResult> RunOverlap(CompiledQuestion question)
    {
        var sides = persons.Sides(question);
        var count = (long)rules.Noise(persons.Engine.CountCells(sides, 1)[0]).Value;
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        return rules.Allows(count, persons.Sizes(question)) && persons.IsSafe(set)
            ? new AnalysisResult([set]) { Overlap = new OverlapResult(count) }
            : rules.Withheld();
    }

    private Outcome<AnalysisResult> RunCrosstab(CompiledQuestion question)
    {
        var sides = persons.Sides(question);
        var counts = persons.Engine.CountCells(sides, question.CellCount).Select(count => (long)rules.Noise(count).Value).ToList();
        var sketches = persons.Sketch(sides, question.CellCount);
        var sizes = persons.Sizes(question).ToList();
        var shown = counts.Select((count, cell) => question.Cells.All(column => column.DataSet.Columns[column.Column].IsOpen(column.ValueOf(cell))) && rules.Allows(count, sizes)).ToArray();
        var columns = question.Cells.Count == 2 ? question.Cells[1].Size : question.CellCount;
        var sets = new Suppression(rules.Rules.MinimumAudience, columns, counts, sketches, (found, cells) => persons.SetOf(found, question, cells), persons.IsSafe).Apply(shown);
        if (!shown.Contains(true))
        {
            return rules.Withheld();
        }
        var cells = counts.Select((count, cell) => new CrosstabCell(
            [.. question.Cells.Select(column => CellText.Write(column.DataSet.Columns[column.Column], column.ValueOf(cell)))], shown[cell] ? count : null)).ToList();
        return new AnalysisResult(sets) { Crosstab = new CrosstabResult(question.Question.By, cells, cells.Count(cell => cell.Persons is null)) };
    }

    private Outcome<AnalysisResult> RunSum(CompiledQuestion question)
    {
        var (dataSet, column) = (question.Measured!.DataSet, question.Measured.Column);
        var sides = persons.Sides(question);
        var reach = LiftTotals.Reach(column);
        var measure = new Measure(question.DataSets.ToList().IndexOf(dataSet), question.Measured.Index, (uint)reach);
        var totals = persons.Engine.SumCells(sides, 1, new SumPlan([measure], []))[0];
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        // Persons, values, and the sum: a person is in all three.
        const int parts = 3;
        var (count, values, distance) = (rules.Noise(totals.Persons, 1, parts), rules.Noise(totals.Measures[0].Count, 1, parts), rules.Noise(totals.Measures[0].Sum, reach, parts));
        var scale = (double)CellText.Power(column.Places);
        var sum = (double)(distance.Value + (values.Value * column.Minimum)) / scale;
        // No person may make up more than the agreed share. Nobody adds more than the cap, so the published sum tells, and no maximum has to be looked for.
        var greatest = Math.Max(Math.Abs(column.GreatestInSum), Math.Abs(column.Minimum)) / scale;
        return rules.Allows(count.Value, persons.Sizes(question)) && greatest <= rules.Rules.LargestShare * Math.Abs(sum) && persons.IsSafe(set)
            ? new AnalysisResult([set])
            {
                Sum = new SumResult(question.Question.Column!, (long)count.Value, sum, sum / (double)count.Value, column.GreatestInSum / scale, rules.Margin(reach, parts) / scale),
            }
            : rules.Withheld();
    }

    private Outcome<AnalysisResult> RunReach(CompiledQuestion question)
    {
        var design = contract.Analyses.Reach!;
        var sides = persons.Sides(question);
        var byTimes = persons.Engine.CountCells(sides, question.CellCount);
        var byTimesSets = persons.Sketch(sides, question.CellCount);
        // Who was reached this often or more is one class.
        var classes = Math.Min(design.Maximum + 1, byTimes.Length);
        var counts = Enumerable.Range(0, classes).Select(times => (long)rules.Noise(times < classes - 1 ? byTimes[times] : byTimes[times..].Sum()).Value).ToList();
        var sets = Enumerable.Range(0, classes).Select(times => times < classes - 1 ? byTimesSets[times] : byTimesSets.Skip(times).Aggregate((left, right) => left ^ right)).ToList();
        var sizes = persons.Sizes(question).ToList();
        var shown = counts.Select(count => rules.Allows(count, sizes)).ToArray();
        var (all, reached) = (counts.Sum(), counts.Skip(1).Sum());
        PersonSet SetOf(SetSketch found, IReadOnlyList<int> chosen) =>
            persons.SetOf(found, question, [.. chosen.SelectMany(times => times < classes - 1 ? [times] : Enumerable.Range(times, byTimes.Length - times))]);
        PersonSet Union(int first) => SetOf(sets.Skip(first).Aggregate((left, right) => left ^ right), [.. Enumerable.Range(first, classes - first)]);
        var (allSet, reachedSet) = (Union(0), Union(1));
        var answered = new Suppression(rules.Rules.MinimumAudience, classes, counts, sets, SetOf, persons.IsSafe).Apply(shown);
        // All and reached are given as well, so that those not reached are the one class that these two give away.
        if (!rules.Allows(all, sizes) || !rules.Allows(reached, sizes) || !persons.IsSafe(allSet) || !persons.IsSafe(reachedSet) || all - reached is var missed && missed > 0 && missed < rules.Rules.MinimumAudience)
        {
            return rules.Withheld();
        }
        var contacts = counts.Select((count, times) => (double)count * times).Sum();
        return new AnalysisResult([.. answered, allSet, reachedSet])
        {
            Reach = new ReachResult(
                design.Frequency.ToString(), all, reached,
                [.. counts.Select((count, times) => new FrequencyClass(times, times == classes - 1, shown[times] ? count : null))],
                shown.All(each => each) ? contacts / reached : null),
        };
    }

    private Outcome<AnalysisResult> RunActivation(CompiledQuestion question)
    {
        var design = contract.Analyses.Activation!;
        var sides = persons.Sides(question);
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        var tags = TagList.Write(persons.Engine.ListTags(sides), contract.FindDataSet(design.DataSet)!.MaxRows);
        var count = persons.Engine.CountCells(sides, 1)[0];
        // The list is exact by its nature; every owner agreed to that. Thresholds and the guard hold all the same.
        return rules.Allows(count, persons.Sizes(question)) && persons.IsSafe(set)
            ? new AnalysisResult([set]) { Activation = new ActivationResult(design.DataSet, count, tags) }
            : rules.Withheld();
    }
}
