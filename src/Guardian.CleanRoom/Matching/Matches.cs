using System.Runtime.CompilerServices;

namespace Guardian.CleanRoom;

/// <summary>Finds matched persons among merged elements: as many neighbours as there are sides, with the same tag, all of which count.</summary>
internal static class Matches<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>A mask for the elements of a row: all ones where the person ends here.</summary>
    /// <param name="index">Of the row, at least <paramref name="sides"/> - 1 rows from the start.</param>
    /// <param name="low">This row's low words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of(ref ulong highWords, ref ulong lowWords, nuint index, int sides, T low)
    {
        unchecked
        {
            var high = TLanes.Load(ref highWords, index);
            var wrong = TLanes.And(low, TLanes.All(Elements.FailBit));
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                wrong = TLanes.Or(wrong, Differing(high, low, TLanes.Load(ref highWords, index - back), TLanes.Load(ref lowWords, index - back)));
            }
            return TLanes.Equal(wrong, TLanes.All(0));
        }
    }

    /// <summary><see cref="Of"/> for two sides, from this row's words and those of the row before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T OfTwo(T high, T low, T highBefore, T lowBefore) =>
        TLanes.Equal(TLanes.Or(TLanes.And(low, TLanes.All(Elements.FailBit)), Differing(high, low, highBefore, lowBefore)), TLanes.All(0));

    // Bits in which tags or fail bits differ.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Differing(T high, T low, T otherHigh, T otherLow) =>
        TLanes.Or(TLanes.AndNot(TLanes.Xor(low, otherLow), TLanes.All(Elements.CodeMask)), TLanes.Xor(high, otherHigh));

    /// <summary>The cell of the person who ends in a row: the sum of all sides' parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CellOf(ref ulong lowWords, nuint index, int sides, T low)
    {
        unchecked
        {
            var code = TLanes.And(low, TLanes.All(Elements.CodeMask));
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                code = TLanes.Add(code, TLanes.And(TLanes.Load(ref lowWords, index - back), TLanes.All(Elements.CodeMask)));
            }
            return code;
        }
    }

    /// <summary>The code in a field of the person who ends in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CodeOf(MergeBuffers merged, int row, int sides, ValueField field)
    {
        var words = TLanes.All(0);
        for (var back = 0; back < sides; back++)
        {
            words = TLanes.Or(words, TLanes.Load(ref merged.Value(field.Plane, row - back), 0));
        }
        return TLanes.And(TLanes.ShiftRight(words, field.Shift), TLanes.All(field.Mask));
    }
}

/// <summary>Looks at the merged elements of one group after another and keeps totals.</summary>
/// <typeparam name="TResult">The totals.</typeparam>
internal interface IScan<TResult>
{
    /// <summary>Adds a group.</summary>
    void Add(MergeBuffers merged);

    /// <summary>The totals of all groups added.</summary>
    TResult Total();
}
