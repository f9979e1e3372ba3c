using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The sets of persons that a question describes, on the current versions of the data.</summary>
/// <param name="engine">The engine of the question.</param>
/// <param name="versions">The current version of each data set, by name.</param>
/// <param name="guard">The sets of earlier answers.</param>
/// <param name="sketch">The layout of sketches.</param>
/// <param name="key">The key of sketches.</param>
internal sealed class PersonSets(
    IMatchEngine engine, IReadOnlyDictionary<string, DataVersion> versions, DifferenceGuard guard, SketchLayout sketch, SketchKey key)
{
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
    public PersonSet SetOf(SetSketch found, CompiledQuestion question, IReadOnlyCollection<int> cells) =>
        new(found, question.Describe(versions, cells));

    /// <summary>Describes all persons of a question as a set.</summary>
    public PersonSet SetOf(SetSketch found, CompiledQuestion question) =>
        SetOf(found, question, [.. Enumerable.Range(0, question.CellCount)]);

    /// <summary>Tests whether an answer about this set is safe together with all earlier answers, and with those that the contract
    /// reserves.</summary>
    public bool IsSafe(PersonSet set) => guard.Allows(set);

    /// <summary>Tests whether a reserved answer about this set is safe together with all earlier answers.</summary>
    public bool IsSafeAsReserved(PersonSet set) => guard.AllowsReserved(set);

    /// <summary>
    /// Counts the persons of each data set outside which enough persons must remain. There is no such test for a data set whose membership
    /// is known, nor where the membership in all others is: then an answer about all of its persons tells nothing of them.
    /// </summary>
    public IEnumerable<long> SizesOf(CompiledQuestion question) => question.DataSets
        .Where(dataSet => !dataSet.IsMembershipKnown
            && question.DataSets.Any(other => other != dataSet && !other.IsMembershipKnown))
        .Select(dataSet => (long)versions[dataSet.Name].Rows);

    private static List<CellPart> PartsOf(CompiledQuestion question, DataSet dataSet) =>
        [.. question.Cells.Where(cell => cell.DataSet == dataSet).Select(cell => new CellPart(cell.Column, cell.Stride))];
}
