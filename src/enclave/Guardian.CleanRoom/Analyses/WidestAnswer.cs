using System.Buffers.Text;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// The widest answer to a question, and the most sets of persons that it can describe. Both follow from the contract and the question
/// alone, so a padded answer's size tells nothing about anybody's rows.
/// </summary>
internal sealed class WidestAnswer(RoomContract contract, CompiledQuestion question)
{
    private const double Number = PaddedJson.WidestDouble;
    private const long Count = long.MinValue;

    private static readonly Interval Wide = new(Number, Number);

    private static readonly Comparison Compared = new(Number, Number, Wide, Number, Number, Number, Wide, Number, Number);

    private static readonly SampleRatio Ratio = new(Number, int.MinValue, Number, false);

    private static readonly LiftVerdict Verdict = Enum.GetValues<LiftVerdict>().MaxBy(verdict => verdict.ToString().Length);

    // Persons of the last class have its frequency or more.
    private int FrequencyClasses => Math.Min(contract.Analyses.Reach!.Maximum + 1, question.CellCount);

    /// <summary>Computes the size of the answer's JSON, in bytes.</summary>
    /// <param name="provenance">Its origin.</param>
    /// <param name="withheld">The refusal that may be in the place of a result.</param>
    public long SizeOf(AnswerProvenance provenance, WithheldResult withheld)
    {
        int Size(AnswerBody body) => PaddedJson.SizeOf(new Answer(provenance, body), AnswerJson.Default.Answer);
        // The list of an activation has one size, and need not be written to know it.
        var list = question.Question.Kind == QuestionKind.Activation
            ? Base64.GetMaxEncodedToUtf8Length(TagList.SizeOf(contract.FindDataSet(contract.Analyses.Activation!.DataSet)!.MaxRows))
            : 0;
        return Math.Max(Size(Body()) + list, Size(withheld));
    }

    /// <summary>Cells by which a set of the answer is described.</summary>
    public int CellCount => question.CellCount;

    /// <summary>Computes the most sets of persons that the answer can describe.</summary>
    public int CountSets()
    {
        switch (question.Question.Kind)
        {
            case QuestionKind.Crosstab:
                var columns = question.Cells.Count == 2 ? question.Cells[1].Size : question.CellCount;
                return Suppression.CountSets(question.CellCount, columns);
            case QuestionKind.Reach:
                // All persons and the reached ones are two more.
                return Suppression.CountSets(FrequencyClasses, FrequencyClasses) + 2;
            case QuestionKind.Lift:
                // In each segment, the arms and all of them together.
                var plan = new LiftPlan(contract, question.Segments);
                return plan.SegmentCount * (plan.Arms.Count + 1);
            default:
                return 1;
        }
    }

    private AnswerBody Body() => question.Question.Kind switch
    {
        QuestionKind.Overlap => new OverlapResult(Count),
        QuestionKind.Crosstab => new CrosstabResult(
            question.Question.By,
            [.. Enumerable.Range(0, question.CellCount).Select(cell => new CrosstabCell(question.ValuesOf(cell), Count))],
            int.MinValue),
        QuestionKind.Sum => new SumResult(question.Question.Column!, Count, Number, Number, Number, Number),
        QuestionKind.Reach => new ReachResult(
            contract.Analyses.Reach!.Frequency.ToString(), Count, Count,
            [.. Enumerable.Range(0, FrequencyClasses).Select(times => new FrequencyClass(times, false, Count))], Number),
        QuestionKind.Lift => Lift(new LiftPlan(contract, question.Segments)),
        QuestionKind.Program => Program(contract.Analyses.FindProgram(question.Question.Program)!),
        _ => new ActivationResult(contract.Analyses.Activation!.DataSet, Count, []),
    };

    private static ProgramResult Program(ProgramDesign design) => new(
        design.Name, design.Digest, Count,
        [.. design.Outputs.Select(output => new ProgramFigures(
            output.Name, Number, Number, [.. output.Cells.Select(cell => new ProgramCell(cell, Number))]))]);

    private AnswerBody Lift(LiftPlan plan)
    {
        var column = plan.Segments?.Column;
        var segment = Segment(plan, plan.Segments is null ? null : new SimultaneousIntervals(Wide, Wide));
        return column is null
            ? segment
            : new SegmentedLiftResult(
                question.Question.By[0], int.MinValue, Ratio,
                [.. Enumerable.Range(0, plan.SegmentCount).Select(
                    index => new LiftSegment(CellText.Write(column, column.Minimum + index), segment))]);
    }

    private static LiftResult Segment(LiftPlan plan, SimultaneousIntervals? together)
    {
        var (design, arms) = (plan.Design, plan.Arms);
        var effect = new ExposedEffect(Number, Number, Number, Wide);
        var comparisons = LiftComparisons.Name(design, arms).Select(treatment => new LiftComparison(
            treatment.Name, Compared, Verdict, Number, new CupedComparison(Number, Compared, Number), effect, together,
            design.LookPersons is null ? null : new AlwaysValid(Wide, Number))).ToList();
        return new LiftResult(
            design.Assignment.ToString(), design.Control, design.Population, Count,
            [.. arms.Select(arm => new LiftArm(arm, Count, false, Number, Count))],
            Ratio, design.Correction, design.Covariate?.ToString(), design.Exposure?.ToString(),
            [.. design.Outcomes.Select(outcome => new LiftOutcome(
                outcome.ToString(), false, [.. arms.Select(arm => new LiftTotal(arm, Number, Number))], comparisons, Number)),
            .. design.Ratios.Select(ratio => new LiftOutcome(
                ratio.Name, false, [.. arms.Select(arm => new LiftTotal(arm, Number, Number))], comparisons, null,
                design.Outcomes[ratio.Denominator].ToString()))],
            plan.Clusters is { } clusters
                ? new LiftClusters(design.Cluster!.ToString(), clusters.Count, AreHashed: false, AreTooFew: false)
                : null);
    }
}
