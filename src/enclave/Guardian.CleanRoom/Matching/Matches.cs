using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>Finds matched persons among merged elements: one neighbour for each side, all with the same tag and without fail bit.</summary>
internal static class Matches<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Computes a mask for the elements of a row: all ones where a matched person ends.</summary>
    /// <param name="index">Index of the row, at least <paramref name="sides"/> - 1 rows from the start.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of(ref ulong words, nuint index, int sides, Payload payload)
    {
        unchecked
        {
            var word = TLanes.Load(ref words, index);
            var mismatch = TLanes.And(word, TLanes.All(payload.FailBit));
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                mismatch = TLanes.Or(mismatch, FindMismatch(payload, word, TLanes.Load(ref words, index - back)));
            }
            return TLanes.Equal(mismatch, TLanes.All(0));
        }
    }

    /// <summary>
    /// Finds the bits that keep two words from being one counted person: differing bits of tags, differing fail bits, and the fail bit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FindMismatch(Payload payload, T word, T other) =>
        TLanes.Or(TLanes.AndNot(TLanes.Xor(word, other), TLanes.All(payload.CodeMask)), TLanes.And(word, TLanes.All(payload.FailBit)));

    /// <summary>Computes a mask: all ones where two words of one data set are taken for one person.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T IsOnePerson(T word, T other) =>
        TLanes.Equal(TLanes.ShiftRight(TLanes.Xor(word, other), Elements.PayloadBits), TLanes.All(0));

    /// <summary>Computes the cell of the person who ends in a row: the sum of all sides' parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CellOf(ref ulong words, nuint index, int sides, Payload payload)
    {
        unchecked
        {
            var code = TLanes.And(TLanes.Load(ref words, index), TLanes.All(payload.CodeMask));
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                code = TLanes.Add(code, TLanes.And(TLanes.Load(ref words, index - back), TLanes.All(payload.CodeMask)));
            }
            return code;
        }
    }

    /// <summary>Reads a field's code of the person who ends in a row.</summary>
    /// <param name="values">The field's plane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CodeOf(ref ulong values, nuint index, int sides, ValueField field)
    {
        unchecked
        {
            var word = TLanes.Load(ref values, index);
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                word = TLanes.Or(word, TLanes.Load(ref values, index - back));
            }
            return TLanes.And(TLanes.ShiftRight(word, field.Shift), TLanes.All(field.Mask));
        }
    }
}

/// <summary>Scans the merged elements of one group after another and keeps totals.</summary>
/// <typeparam name="TResult">The totals.</typeparam>
internal interface IScan<TResult>
{
    /// <summary>
    /// Whether the last plane must hold the second words of elements. Their lowest bits are those of the first word that the payload
    /// replaced.
    /// </summary>
    bool ReadsRests => false;

    /// <summary>Adds a group.</summary>
    void Add(MergeBuffers merged);

    /// <summary>Computes the totals of all groups added.</summary>
    TResult Total();
}
