using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Matches 1 to 8 data sets over all groups of a room, and computes over the persons who are in all of them and satisfy all conditions.
/// </summary>
internal interface IMatchEngine
{
    /// <summary>Counts persons by cell.</summary>
    /// <returns>One count for each cell.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    long[] CountCells(IReadOnlyList<SidePlan> sides, int cells);

    /// <summary>Counts persons and sums their measures by cell.</summary>
    /// <returns>Totals for each cell.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    CellTotals[] SumCells(IReadOnlyList<SidePlan> sides, int cells, SumPlan plan);

    /// <summary>Makes a sketch of the persons of each cell.</summary>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    SetSketch[] SketchCells(IReadOnlyList<SidePlan> sides, int cells, SketchLayout sketch, SketchKey key);

    /// <summary>Sums the parts that matched persons add to some figures.</summary>
    /// <param name="sides">The data sets; their cells do not count.</param>
    /// <param name="columns">The columns from which the parts are made.</param>
    /// <param name="contributions">Makes the parts.</param>
    /// <returns>One total for each figure.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    long[] SumContributions(IReadOnlyList<SidePlan> sides, IReadOnlyList<Measure> columns, IContributions contributions);

    /// <summary>Lists the tags of matched persons, with padding between them.</summary>
    /// <returns>One entry for each merged element.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    IReadOnlyList<Tag> ListTags(IReadOnlyList<SidePlan> sides);
}
