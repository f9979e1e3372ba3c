using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>Finds matched persons among merged elements: as many neighbours as there are sides, with the same tag, all of which count.</summary>
internal static class Matches<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>A mask for the elements of a row: all ones where the person ends here.</summary>
    /// <param name="index">Of the row, at least <paramref name="sides"/> - 1 rows from the start.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of(ref ulong words, nuint index, int sides, Payload payload)
    {
        unchecked
        {
            var word = TLanes.Load(ref words, index);
            var wrong = TLanes.And(word, TLanes.All(payload.FailBit));
            for (var back = Lanes; back <= (nuint)(sides - 1) * Lanes; back += Lanes)
            {
                wrong = TLanes.Or(wrong, Wrong(payload, word, TLanes.Load(ref words, index - back)));
            }
            return TLanes.Equal(wrong, TLanes.All(0));
        }
    }

    /// <summary>Bits that keep two words from being of one person who counts: those in which tags or fail bits differ, and the fail bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Wrong(Payload payload, T word, T other) =>
        TLanes.Or(TLanes.AndNot(TLanes.Xor(word, other), TLanes.All(payload.CodeMask)), TLanes.And(word, TLanes.All(payload.FailBit)));

    /// <summary>All ones where two words of one data set are taken to be of one person.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T IsOnePerson(T word, T other) => TLanes.Equal(TLanes.ShiftRight(TLanes.Xor(word, other), Elements.PayloadBits), TLanes.All(0));

    /// <summary>The cell of the person who ends in a row: the sum of all sides' parts.</summary>
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

    /// <summary>The code in a field of the person who ends in a row.</summary>
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

/// <summary>Looks at the merged elements of one group after another and keeps totals.</summary>
/// <typeparam name="TResult">The totals.</typeparam>
internal interface IScan<TResult>
{
    /// <summary>Whether the last plane holds the second words of elements, with what the payload took from the first in their lowest bits.</summary>
    bool ReadsRests => false;

    /// <summary>Adds a group.</summary>
    void Add(MergeBuffers merged);

    /// <summary>The totals of all groups added.</summary>
    TResult Total();
}
