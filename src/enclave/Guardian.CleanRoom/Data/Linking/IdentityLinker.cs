using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>
/// Gives the rows of a data set the tags of their persons, when they match by several identifiers: a waterfall. In the pass of each
/// identifier, rows of the data set and of the persons that have it in common are linked, if neither was linked before; so each row is of
/// one person at most, and each person has one row at most. The host learns sizes only: every pass is an
/// <see cref="ObliviousSort"/> of all rows of both, by the pass's identifier, after which neighbours are linked.
/// </summary>
/// <remarks>
/// Steps: 1. Copy the rows of both into groups to link, with a tag of their own. 2. For each pass: place them by the identifier, sort, and
/// link neighbours. 3. Place the data set's rows by their person's tag, and sort them into the room's groups. The persons' own rows need
/// only step 3. Identifiers of one data set are all different, which <see cref="HasRepeated"/> checks before a version is current; so at
/// most two rows meet, and no bin overflows because of anybody's choice.
/// </remarks>
internal sealed class IdentityLinker(RoomContract contract, RoomLayout layout, byte[] key, long memory)
{
    /// <summary>Links a data set to the persons.</summary>
    /// <param name="rows">A version of the data set, or of the persons themselves.</param>
    /// <param name="persons">A version of the persons.</param>
    /// <param name="scratchPath">Path of scratch files.</param>
    /// <param name="add">Receives each group in the room's layout, with the columns that the contract names; called by several threads.
    /// </param>
    /// <returns>False when a bucket overflowed.</returns>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public bool TryLink(IGroupSource rows, IGroupSource persons, string scratchPath, GroupAdder add)
    {
        var dataSet = contract.FindDataSet(rows.DataSet.Name)!;
        var isLinked = dataSet.Name != contract.Persons;
        var format = new LinkFormat(dataSet, isLinked ? contract.PassCount : 0);
        using var placer = new RowPlacer(contract, layout, key);
        var first = new FirstRows(layout, placer, format, rows, isLinked ? persons : null);
        var (source, shape) = ((IGroupSource)first, first.Shape);
        var pairs = RoomLayout.ForPairs(format.Rows, dataSet.MaxRows, contract.FindDataSet(contract.Persons!)!.MaxRows);
        using var groups = new ScratchFile($"{scratchPath}.rows", pairs.GroupSize(format.Rows));
        foreach (var pass in isLinked ? dataSet.Passes : [])
        {
            var sorted = format.Sorted(pass);
            var placed = Place(placer, pass, source, shape.Layout, format, sorted);
            if (!new ObliviousSort(pairs, sorted.Rows, memory, shape, sorted.Links)
                .TryRun(placed, scratchPath, (group, plaintext) => groups.Write(pass, group, plaintext)))
            {
                return false;
            }
            format = sorted;
            (source, shape) = (
                new ScratchRows(format.Rows, groups, pass),
                new SortInput(pairs, pairs.GroupCount, pairs.Capacities[dataSet.Name], MostOfOneTag: 2));
        }
        var home = new PlacedRows(
            source, shape.Layout.GroupSize(format.Rows), dataSet,
            (from, to) => placer.PlaceAtHome(new LinkGroup(shape.Layout, format, from), to));
        return new ObliviousSort(layout, dataSet, memory, shape with { MostOfOneTag = 1 }).TryRun(home, scratchPath, add);
    }

    /// <summary>Tests whether two rows of a version have the same identifier of one kind.</summary>
    /// <returns>True also when so many have it that a bin overflowed.</returns>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public bool HasRepeated(IGroupSource rows, string scratchPath)
    {
        var dataSet = contract.FindDataSet(rows.DataSet.Name)!;
        var format = new LinkFormat(dataSet, contract.PassCount, hasRows: false);
        using var placer = new RowPlacer(contract, layout, key);
        var first = new FirstRows(layout, placer, format, rows, null);
        var found = false;
        foreach (var pass in dataSet.Passes)
        {
            var sorted = format.Sorted(contract.PassCount - 1);
            var alone = RoomLayout.ForPairs(sorted.Rows, dataSet.MaxRows, 0);
            var sort = new ObliviousSort(alone, sorted.Rows, memory, first.Shape with { MostOfOneTag = 1 }, sorted.Links);
            var fits = sort.TryRun(Place(placer, pass, first, first.Shape.Layout, format, sorted), scratchPath, (_, _) => { });
            found |= !fits || sort.HasRepeated;
        }
        return found;
    }

    private static PlacedRows Place(
        RowPlacer placer, int pass, IGroupSource source, RoomLayout layout, LinkFormat format, LinkFormat sorted) => new(
        source, layout.GroupSize(format.Rows), sorted.Rows,
        (from, to) => placer.PlaceFor(pass, new LinkGroup(layout, format, from), new LinkGroup(layout, sorted, to)));
}
