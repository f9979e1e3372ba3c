using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Programs;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The result of an analysis that passed the rules.</summary>
/// <param name="Body">The result as it may leave.</param>
/// <param name="Sets">The sets of persons that it describes.</param>
internal sealed record AnalysisResult(AnswerBody Body, IReadOnlyList<PersonSet> Sets);

/// <summary>
/// Runs compiled questions: it matches persons, then applies the rules. Only figures that the rules allow come out. The computation depends
/// on the question alone; the rules test the figures afterwards, so that a refusal takes as long as an answer.
/// </summary>
internal sealed class Analyst(RoomContract contract, PersonSets persons, DisclosureRules rules, RoomPrograms programs)
{
    /// <summary>Runs a question.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question) => question.Question.Kind switch
    {
        QuestionKind.Overlap => RunOverlap(question),
        QuestionKind.Crosstab => RunCrosstab(question),
        QuestionKind.Sum => RunSum(question),
        QuestionKind.Reach => new ReachAnalysis(contract, persons, rules).Run(question),
        QuestionKind.Lift => new LiftAnalysis(contract, persons, rules).Run(question),
        QuestionKind.Program => new ProgramAnalysis(contract, persons, rules, programs).Run(question),
        _ => RunActivation(question),
    };

    private Outcome<AnalysisResult> RunOverlap(CompiledQuestion question)
    {
        var sides = persons.SidesOf(question);
        var count = (long)rules.Noise(persons.Engine.CountCells(sides, 1)[0]).Value;
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        return persons.Accept(set, rules.Allows(count, persons.SizesOf(question)))
            ? new AnalysisResult(new OverlapResult(count), [set])
            : rules.Withhold();
    }

    private Outcome<AnalysisResult> RunCrosstab(CompiledQuestion question)
    {
        var sides = persons.SidesOf(question);
        var counts = persons.Engine.CountCells(sides, question.CellCount).Select(count => (long)rules.Noise(count).Value).ToList();
        var sketches = persons.Sketch(sides, question.CellCount);
        var sizes = persons.SizesOf(question).ToList();
        var shown = counts.Select((count, cell) => IsOpen(question, cell) && rules.Allows(count, sizes)).ToArray();
        var columns = question.Cells.Count == 2 ? question.Cells[1].Size : question.CellCount;
        var sets = new Suppression(
            rules.Rules.MinimumAudience, columns, counts, sketches,
            (found, cells) => persons.SetOf(found, question, cells), persons.Accept, persons.IsSafe).SuppressCells(shown);
        if (!shown.Contains(true))
        {
            return rules.Withhold();
        }
        var cells = counts.Select((count, cell) => new CrosstabCell(
            question.ValuesOf(cell), shown[cell] ? count : null)).ToList();
        return new AnalysisResult(new CrosstabResult(question.Question.By, cells, cells.Count(cell => cell.Persons is null)), sets);
    }

    private static bool IsOpen(CompiledQuestion question, int cell) =>
        question.Cells.All(column => column.Definition.IsOpen(column.ValueOf(cell)));

    private Outcome<AnalysisResult> RunSum(CompiledQuestion question)
    {
        var (dataSet, column) = (question.Measured!.DataSet, question.Measured.Column);
        var sides = persons.SidesOf(question);
        var reach = LiftTotals.Reach(column);
        var measure = new Measure(question.DataSets.ToList().IndexOf(dataSet), question.Measured.Index, (uint)reach);
        var totals = persons.Engine.SumCells(sides, 1, new SumPlan([measure], []))[0];
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        // A person is in the number of persons, in the sum and, where a minimum other than zero shifts it, in the number of values.
        var parts = column.Minimum == 0 ? 2 : 3;
        var count = rules.Noise(totals.Persons, 1, parts);
        var values = column.Minimum == 0 ? new Noised(0, 0) : rules.Noise(totals.Measures[0].Count, 1, parts);
        var distance = rules.Noise(totals.Measures[0].Sum, reach, parts);
        var scale = (double)CellText.Power(column.Places);
        var sum = (double)(distance.Value + (values.Value * column.Minimum)) / scale;
        // No person may make up more than the agreed share. Nobody adds more than the cap, so the published sum decides, and no maximum is
        // computed.
        var greatest = Math.Max(Math.Abs(column.GreatestInSum), Math.Abs(column.Minimum)) / scale;
        var isWanted = rules.Allows(count.Value, persons.SizesOf(question)) && greatest <= rules.Rules.LargestShare * Math.Abs(sum);
        if (!persons.Accept(set, isWanted))
        {
            return rules.Withhold();
        }
        var result = new SumResult(
            question.Question.Column!, (long)count.Value, sum, sum / (double)count.Value, column.GreatestInSum / scale,
            rules.Margin(reach, parts) / scale);
        return new AnalysisResult(result, [set]);
    }

    private Outcome<AnalysisResult> RunActivation(CompiledQuestion question)
    {
        var design = contract.Analyses.Activation!;
        var sides = persons.SidesOf(question);
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        var tags = TagList.Write(persons.Engine.ListTags(sides), contract.FindDataSet(design.DataSet)!.MaxRows);
        var count = persons.Engine.CountCells(sides, 1)[0];
        // A list is exact, and every owner agreed to that. Thresholds and the difference guard apply nevertheless.
        return persons.Accept(set, rules.Allows(count, persons.SizesOf(question)))
            ? new AnalysisResult(new ActivationResult(design.DataSet, count, tags), [set])
            : rules.Withhold();
    }
}
