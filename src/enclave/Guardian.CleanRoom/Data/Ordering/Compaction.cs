using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Closes gaps and keeps the order (Goodrich 2011): every element counts the gaps before it, and moves that far in steps of 1, 2, 4 and so
/// on, so that no two elements meet. Each step touches every element in the same way.
/// </summary>
/// <remarks>The last plane of the buffers is 1 for a gap and 0 for an element; afterwards its content is undefined.</remarks>
internal static class Compaction<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>
    /// Closes the gaps of one sequence, which runs through all eight lanes of a row and then continues in the next row. It begins in the
    /// second row. The first row, and one row after the last, are empty and stay empty.
    /// </summary>
    public static void CloseAll(MergeBuffers buffers, int rows)
    {
        const int firstRow = 1;
        var words = (nuint)rows * Lanes;
        unchecked
        {
            // Start at the empty row, so that the first eight elements have zeros before them.
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
            // A gap does not move, and any element may overwrite it.
            ref var distances = ref buffers.Value(buffers.Planes - 1, firstRow);
            for (nuint i = 0; i < words; i += Lanes)
            {
                var isGap = TLanes.Equal(TLanes.Load(ref buffers.Word(firstRow), i), TLanes.All(Elements.Empty));
                TLanes.Store(TLanes.AndNot(TLanes.Load(ref distances, i), isGap), ref distances, i);
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

    // Sequential: a word is written only after the element that leaves it and the element that moves to it were read.
    private static void MoveEight(MergeBuffers buffers, int firstRow, nuint i, nuint step, int bit, bool isLast)
    {
        unchecked
        {
            ref var distances = ref buffers.Value(buffers.Planes - 1, firstRow);
            var none = TLanes.All(0);
            var leaves = HasBit(TLanes.Load(ref distances, i), bit);
            var comes = isLast ? none : HasBit(TLanes.Load(ref distances, i + step), bit);
            StoreMoved(ref buffers.Word(firstRow), i, step, comes, leaves, isLast, TLanes.All(Elements.Empty));
            StoreMoved(ref buffers.Value(RowPlanes.Rest, firstRow), i, step, comes, leaves, isLast, TLanes.All(Elements.Empty));
            for (var plane = RowPlanes.Rest + 1; plane < buffers.Planes; plane++)
            {
                StoreMoved(ref buffers.Value(plane, firstRow), i, step, comes, leaves, isLast, none);
            }
        }
    }

    private static T HasBit(T word, int bit) => TLanes.Equal(TLanes.And(TLanes.ShiftRight(word, bit), TLanes.All(1)), TLanes.All(1));

    private static void StoreMoved(ref ulong words, nuint i, nuint step, T comes, T leaves, bool isLast, T empty)
    {
        unchecked
        {
            var stays = TLanes.Select(leaves, empty, TLanes.Load(ref words, i));
            TLanes.Store(isLast ? stays : TLanes.Select(comes, TLanes.Load(ref words, i + step), stays), ref words, i);
        }
    }
}
