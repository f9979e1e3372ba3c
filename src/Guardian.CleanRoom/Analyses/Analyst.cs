namespace Guardian.CleanRoom;

/// <summary>The current version of a data set, as questions see it.</summary>
/// <param name="Rows">Persons in it.</param>
public sealed record DataVersion(IGroupSource Source, string Digest, int Rows);

/// <summary>Results of an analysis that passed the rules; exactly one is set.</summary>
internal sealed record AnalysisResult(OverlapResult? Overlap, CrosstabResult? Crosstab, LiftResult? Lift);

/// <summary>Runs compiled questions: matches, then applies the rules. Nothing but what the rules allow comes out.</summary>
internal sealed class Analyst(RoomContract contract, RoomLayout layout, DisclosureRules rules, int threads)
{
    /// <summary>Runs a question over the two data sets.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions) => question.Question.Kind switch
    {
        QuestionKind.Overlap => RunOverlap(question, versions),
        QuestionKind.Crosstab => RunCrosstab(question, versions),
        _ => new LiftAnalysis(contract, layout, rules, threads).Run(question, versions),
    };

    private Outcome<AnalysisResult> RunOverlap(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions)
    {
        var persons = rules.Noised(CountCells(question, versions, 1)[0]);
        return rules.Allows(persons, Sizes(versions))
            ? new AnalysisResult(new OverlapResult(persons), null, null)
            : rules.Withheld();
    }

    private Outcome<AnalysisResult> RunCrosstab(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions)
    {
        var counts = CountCells(question, versions, question.CellCount);
        var cells = new List<CrosstabCell>();
        for (var cell = 0; cell < counts.Length; cell++)
        {
            var persons = rules.Noised(counts[cell]);
            var number = cell;
            var values = question.Cells.Select(column => CellText.Write(
                column.DataSet.Columns[column.Column], (number / column.Stride % column.Size) + column.DataSet.Columns[column.Column].Minimum));
            cells.Add(new CrosstabCell([.. values], rules.Allows(persons, Sizes(versions)) ? persons : null));
        }
        var suppressed = cells.Count(cell => cell.Persons is null);
        return suppressed < cells.Count
            ? new AnalysisResult(null, new CrosstabResult(question.Question.By, cells, suppressed), null)
            : rules.Withheld();
    }

    private long[] CountCells(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions, int cells)
    {
        var sides = contract.DataSets.Select(dataSet => new SidePlan(
            versions[dataSet.Name].Source, question.Filters[dataSet.Name],
            [.. question.Cells.Where(cell => cell.DataSet == dataSet).Select(cell => new CellPart(cell.Column, cell.Stride))])).ToList();
        return new MatchEngine(layout, threads).CountCells(sides, cells);
    }

    private static IEnumerable<long> Sizes(IReadOnlyDictionary<string, DataVersion> versions) => versions.Values.Select(version => (long)version.Rows);
}
