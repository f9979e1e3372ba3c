using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Closes gaps and keeps the order (Goodrich 2011): every element learns how many gaps are before it, and moves that far in steps of 1, 2, 4 and so on, which never lets two
/// meet. Each step touches every place in the same way.
/// </summary>
/// <remarks>
/// The last plane of the buffers says of each place whether it is a gap, 1 or 0; afterwards it holds nothing of use.
/// </remarks>
internal static class Compaction<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Closes the gaps of one sequence: place by place through all eight lanes, then the next row. It begins in the second row; the first, and one after the last, are empty and stay so.</summary>
    public static void CloseAll(MergeBuffers buffers, int rows)
    {
        const int firstRow = 1;
        var words = (nuint)rows * Lanes;
        unchecked
        {
            // From the empty row on, so that the first eight find zeros before them.
            ref var gaps = ref buffers.Value(buffers.Planes - 1, 0);
            for (nuint step = 1; step < words; step *= 2)
            {
                var least = step < Lanes ? Lanes : step + Lanes;
                for (var i = words; i >= least; i -= Lanes)
                {
                    TLanes.Store(TLanes.Add(TLanes.Load(ref gaps, i), TLanes.Load(ref gaps, i - step)), ref gaps, i);
                }
            }
        }
        Move(buffers, firstRow, words, unit: 1);
    }

    /// <summary>Closes the gaps of each lane by itself.</summary>
    public static void CloseLanes(MergeBuffers buffers, int rows)
    {
        var count = TLanes.All(0);
        for (var row = 0; row < rows; row++)
        {
            ref var gaps = ref buffers.Value(buffers.Planes - 1, row);
            count = TLanes.Add(count, TLanes.Load(ref gaps, 0));
            TLanes.Store(count, ref gaps, 0);
        }
        Move(buffers, firstRow: 0, (nuint)rows * Lanes, unit: Lanes);
    }

    private static void Move(MergeBuffers buffers, int firstRow, nuint words, nuint unit)
    {
        unchecked
        {
            // What is no element stays where it is, and gives way to any.
            ref var ways = ref buffers.Value(buffers.Planes - 1, firstRow);
            for (nuint i = 0; i < words; i += Lanes)
            {
                TLanes.Store(TLanes.AndNot(TLanes.Load(ref ways, i), TLanes.Equal(TLanes.Load(ref buffers.Word(firstRow), i), TLanes.All(Elements.Empty))), ref ways, i);
            }
            var bit = 0;
            for (var step = unit; step < words; step *= 2, bit++)
            {
                for (nuint i = 0; i < words; i += Lanes)
                {
                    MoveEight(buffers, firstRow, i, step, bit, isLast: i + step >= words);
                }
            }
        }
    }

    // Sequential, so that a place is written only when whoever goes there, or leaves it, was read.
    private static void MoveEight(MergeBuffers buffers, int firstRow, nuint i, nuint step, int bit, bool isLast)
    {
        unchecked
        {
            ref var ways = ref buffers.Value(buffers.Planes - 1, firstRow);
            var none = TLanes.All(0);
            var leaves = Has(TLanes.Load(ref ways, i), bit);
            var comes = isLast ? none : Has(TLanes.Load(ref ways, i + step), bit);
            Give(ref buffers.Word(firstRow), i, step, comes, leaves, isLast, TLanes.All(Elements.Empty));
            Give(ref buffers.Value(RowPlanes.Rest, firstRow), i, step, comes, leaves, isLast, TLanes.All(Elements.Empty));
            for (var plane = RowPlanes.Rest + 1; plane < buffers.Planes; plane++)
            {
                Give(ref buffers.Value(plane, firstRow), i, step, comes, leaves, isLast, none);
            }
        }
    }

    private static T Has(T word, int bit) => TLanes.Equal(TLanes.And(TLanes.ShiftRight(word, bit), TLanes.All(1)), TLanes.All(1));

    private static void Give(ref ulong words, nuint i, nuint step, T comes, T leaves, bool isLast, T empty)
    {
        unchecked
        {
            var stays = TLanes.Select(leaves, empty, TLanes.Load(ref words, i));
            TLanes.Store(isLast ? stays : TLanes.Select(comes, TLanes.Load(ref words, i + step), stays), ref words, i);
        }
    }
}
