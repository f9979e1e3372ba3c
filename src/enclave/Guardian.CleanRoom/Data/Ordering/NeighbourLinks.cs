using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>The columns by which rows of two data sets are linked.</summary>
/// <param name="FirstHome">The first of the columns that hold the tag of the row's person.</param>
/// <param name="HomeCount">The number of these columns.</param>
/// <param name="Eligible">
/// The column that says whether the row can be linked: 1 for a row of the data set, 2 for one of the persons, 0 for neither.
/// </param>
/// <param name="Linked">The column that becomes 1 when the row is linked.</param>
internal sealed record LinkColumns(int FirstHome, int HomeCount, int Eligible, int Linked)
{
    /// <summary>Marks a row of the data set.</summary>
    public const byte OfDataSet = 1;

    /// <summary>Marks a row of the persons.</summary>
    public const byte OfPersons = 2;
}

/// <summary>
/// Links neighbours in sorted order that have equal tags: a row of a data set gets the tag of its person, and neither of the two is linked
/// again. Every pair of neighbours is processed in the same way.
/// </summary>
internal sealed class NeighbourLinks<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private readonly int flags;
    private readonly List<(int Plane, ulong Mask)> home = [];
    private readonly (int Plane, int Shift, int Size) eligible;
    private readonly (int Plane, int Shift, int Size) linked;
    private T repeated = TLanes.All(0);

    public NeighbourLinks(RowPlanes planes, LinkColumns columns)
    {
        flags = planes.Count;
        (eligible, linked) = (planes.Find(columns.Eligible), planes.Find(columns.Linked));
        for (var column = columns.FirstHome; column < columns.FirstHome + columns.HomeCount; column++)
        {
            var (plane, shift, size) = planes.Find(column);
            home.Add((plane, ((1UL << (8 * size)) - 1) << shift));
        }
    }

    /// <summary>Whether two rows of one data set that could be linked had the same tag.</summary>
    public bool HasRepeated => TLanes.Sum(TLanes.And(repeated, TLanes.All(1))) > 0;

    /// <summary>Links the rows of each lane; the last plane becomes 0, so that all rows stay.</summary>
    public void Link(MergeBuffers lanes)
    {
        var none = TLanes.All(0);
        TLanes.Store(none, ref lanes.Value(flags, 0), 0);
        for (var row = 1; row < lanes.Rows; row++)
        {
            TLanes.Store(none, ref lanes.Value(flags, row), 0);
            var (one, two) = (EligibleAt(lanes, row - 1), EligibleAt(lanes, row));
            var isSame = Matches<TLanes, T>.IsOnePerson(TLanes.Load(ref lanes.Word(row - 1), 0), TLanes.Load(ref lanes.Word(row), 0));
            var link = TLanes.And(isSame, TLanes.Equal(TLanes.Xor(one, two), TLanes.All(LinkColumns.OfDataSet ^ LinkColumns.OfPersons)));
            var isTwice = TLanes.AndNot(TLanes.And(isSame, TLanes.Equal(one, two)), TLanes.Equal(one, none));
            repeated = TLanes.Or(repeated, isTwice);
            var toSecond = TLanes.And(link, TLanes.Equal(two, TLanes.All(LinkColumns.OfDataSet)));
            CopyHome(lanes, row - 1, row, toSecond);
            CopyHome(lanes, row, row - 1, TLanes.AndNot(link, toSecond));
            Mark(lanes, row - 1, link);
            Mark(lanes, row, link);
        }
    }

    private T EligibleAt(MergeBuffers lanes, int row) =>
        TLanes.And(TLanes.ShiftRight(TLanes.Load(ref lanes.Value(eligible.Plane, row), 0), eligible.Shift), TLanes.All(0xFF));

    private void CopyHome(MergeBuffers lanes, int from, int to, T wanted)
    {
        foreach (var (plane, mask) in home)
        {
            var bits = TLanes.And(wanted, TLanes.All(mask));
            var kept = TLanes.AndNot(TLanes.Load(ref lanes.Value(plane, to), 0), bits);
            TLanes.Store(
                TLanes.Or(kept, TLanes.And(TLanes.Load(ref lanes.Value(plane, from), 0), bits)), ref lanes.Value(plane, to), 0);
        }
    }

    private void Mark(MergeBuffers lanes, int row, T wanted)
    {
        ref var eligibles = ref lanes.Value(eligible.Plane, row);
        TLanes.Store(
            TLanes.AndNot(TLanes.Load(ref eligibles, 0), TLanes.And(wanted, TLanes.All(0xFFUL << eligible.Shift))), ref eligibles, 0);
        ref var marks = ref lanes.Value(linked.Plane, row);
        TLanes.Store(TLanes.Or(TLanes.Load(ref marks, 0), TLanes.And(wanted, TLanes.All(1UL << linked.Shift))), ref marks, 0);
    }
}
