using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The current version of a data set, as questions see it.</summary>
/// <param name="Rows">Persons in it.</param>
public sealed record DataVersion(IGroupSource Source, string Digest, int Rows)
{
    /// <summary>Digest of the version that was changed; null when everyone was brought.</summary>
    public string? Base { get; init; }

    /// <summary>Digest of what was sent, when the enclave made the version from it.</summary>
    public string? Upload { get; init; }
}

/// <summary>The sets of persons that a question is about, on the versions that it is asked about.</summary>
internal sealed class PersonSets(
    MatchEngine engine, IReadOnlyDictionary<string, DataVersion> versions, DifferenceGuard guard, SketchLayout sketch, SketchKey key)
{
    /// <summary>Counts and sums.</summary>
    public MatchEngine Engine => engine;

    /// <summary>How a data set takes part.</summary>
    public SidePlan Side(CompiledQuestion question, DataSet dataSet, IReadOnlyList<CellPart> cells) => new(versions[dataSet.Name].Source, question.Filters.Of(dataSet), cells);

    /// <summary>How all of a question's data sets take part.</summary>
    public IReadOnlyList<SidePlan> Sides(CompiledQuestion question) => [.. question.DataSets.Select(dataSet => Side(
        question, dataSet, [.. question.Cells.Where(cell => cell.DataSet == dataSet).Select(cell => new CellPart(cell.Column, cell.Stride))]))];

    /// <summary>Sketches of the persons of each cell.</summary>
    public IReadOnlyList<SetSketch> Sketch(IReadOnlyList<SidePlan> sides, int cells) => engine.SketchCells(sides, cells, sketch, key);

    /// <summary>A question's persons of some cells as a set.</summary>
    public PersonSet SetOf(SetSketch found, CompiledQuestion question, IReadOnlyCollection<int> cells) => new(found, question.Describe(versions, cells));

    /// <summary>All of a question's persons as a set.</summary>
    public PersonSet SetOf(SetSketch found, CompiledQuestion question) => SetOf(found, question, [.. Enumerable.Range(0, question.CellCount)]);

    /// <summary>Whether an answer about this set is safe beside all that were given.</summary>
    public bool IsSafe(PersonSet set) => guard.Allows(set);

    /// <summary>Persons in each data set that takes part.</summary>
    public IEnumerable<long> Sizes(CompiledQuestion question) => question.DataSets.Select(dataSet => (long)versions[dataSet.Name].Rows);
}
