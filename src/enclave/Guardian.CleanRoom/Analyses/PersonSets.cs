using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The sets of persons that a question describes, on the current versions of the data.</summary>
/// <param name="engine">The engine of the question.</param>
/// <param name="contract">The contract.</param>
/// <param name="versions">The current version of each data set, by name.</param>
/// <param name="guard">The sets of earlier answers.</param>
/// <param name="trial">Judges the sets of the answer.</param>
/// <param name="sketch">The layout of sketches.</param>
/// <param name="key">The key of sketches.</param>
internal sealed class PersonSets(
    IMatchEngine engine, RoomContract contract, IReadOnlyDictionary<string, DataVersion> versions, DifferenceGuard guard,
    GuardTrial trial, SketchLayout sketch, SketchKey key)
{
    private readonly RecordedSets recorded = new(contract);
    private readonly Dictionary<string, string> names = versions.ToDictionary(pair => pair.Key, pair => pair.Value.Version);

    /// <summary>Counts and sums.</summary>
    public IMatchEngine Engine => engine;

    /// <summary>Plans the part of one data set.</summary>
    public SidePlan SideOf(CompiledQuestion question, DataSet dataSet, IReadOnlyList<CellPart> cells) =>
        new(versions[dataSet.Name].Source, question.Filters.Of(dataSet), cells);

    /// <summary>Plans the parts of all data sets of a question.</summary>
    public IReadOnlyList<SidePlan> SidesOf(CompiledQuestion question) =>
        [.. question.DataSets.Select(dataSet => SideOf(question, dataSet, PartsOf(question, dataSet)))];

    /// <summary>Makes sketches of the persons of each cell.</summary>
    public IReadOnlyList<SetSketch> Sketch(IReadOnlyList<SidePlan> sides, int cells) => engine.SketchCells(sides, cells, sketch, key);

    /// <summary>Describes the persons of some cells of a question as a set.</summary>
    public PersonSet SetOf(SetSketch found, CompiledQuestion question, IReadOnlyCollection<int> cells) => new(
        found, question.Describe(names, cells, HasNoEmptyCell, IsNoCondition), recorded.Mask(question.DataSets),
        RecordedSets.Write(question.CellCount, cells))
    {
        Terms = question.TermsOf(names, cells, contract.DataSets),
    };

    /// <summary>Describes all persons of a question as a set.</summary>
    public PersonSet SetOf(SetSketch found, CompiledQuestion question) =>
        SetOf(found, question, [.. Enumerable.Range(0, question.CellCount)]);

    /// <summary>
    /// Tests whether an answer about this set is safe together with all earlier answers, with those that the contract reserves, and with
    /// the sets of this answer that were accepted before.
    /// </summary>
    /// <inheritdoc cref="GuardTrial.Accept"/>
    public bool Accept(PersonSet set, bool isWanted) => trial.Accept(set, isWanted);

    /// <summary>Tests whether a set differs by enough persons from that of each earlier answer, and from those that the contract
    /// reserves.</summary>
    public bool IsSafe(PersonSet set) => trial.Allows(set);

    /// <summary>
    /// Counts the persons of each data set outside which enough persons must remain. There is no such test for a data set whose membership
    /// is known, nor where the membership in all others is: then an answer about all of its persons tells nothing of them.
    /// </summary>
    public IEnumerable<long> SizesOf(CompiledQuestion question) => question.DataSets
        .Where(dataSet => !dataSet.IsMembershipKnown
            && question.DataSets.Any(other => other != dataSet && !other.IsMembershipKnown))
        .Select(dataSet => (long)versions[dataSet.Name].Rows);

    // With noise, the few persons without a value are protected by it.
    private bool HasNoEmptyCell(DataSet dataSet, int column) => !guard.AuditsCombinations || IsComplete(dataSet, column);

    // The contract's own measurement counts those with a cluster. Other conditions stay conditions.
    private bool IsNoCondition(DataSet dataSet, int column) => guard.AuditsCombinations
        ? IsComplete(dataSet, column)
        : contract.Analyses.Lift?.Cluster == new ColumnReference(dataSet.Name, dataSet.Columns[column].Name);

    private bool IsComplete(DataSet dataSet, int column) =>
        guard.CompleteColumns.Contains(CompiledQuestion.NameOf(dataSet, names, column));

    private static List<CellPart> PartsOf(CompiledQuestion question, DataSet dataSet) =>
        [.. question.Cells.Where(cell => cell.DataSet == dataSet).Select(cell => new CellPart(cell.Column, cell.Stride))];
}
