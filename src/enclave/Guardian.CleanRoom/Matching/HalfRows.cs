using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Half of a row in one register of 256 bits. Eight whole rows would fill all sixteen registers of these processors and leave none to
/// compare with. The words are kept with their highest bit flipped, because these processors compare signed numbers only.
/// </summary>
internal struct HalfWords(Vector256<long> words) : IElements<HalfWords>
{
    private Vector256<long> words = words;

    /// <inheritdoc/>
    public static nuint Width => (nuint)Vector256<ulong>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfWords Load(ref ulong words, ref ulong values, nuint index) => new(HalfRow.Load(ref words, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(HalfWords row, ref ulong words, ref ulong values, nuint index) =>
        HalfRow.Store(row.words, ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exchange(ref HalfWords first, ref HalfWords second)
    {
        var greater = Vector256.GreaterThan(first.words, second.words);
        (first.words, second.words) = (
            Vector256.ConditionalSelect(greater, second.words, first.words),
            Vector256.ConditionalSelect(greater, first.words, second.words));
    }
}

/// <summary>Half of a row, each word with one word that moves with it.</summary>
internal struct HalfWordsAndValues(Vector256<long> words, Vector256<long> values) : IElements<HalfWordsAndValues>
{
    private Vector256<long> words = words;
    private Vector256<long> values = values;

    /// <inheritdoc/>
    public static nuint Width => (nuint)Vector256<ulong>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfWordsAndValues Load(ref ulong words, ref ulong values, nuint index) =>
        new(HalfRow.Load(ref words, index), Vector256.LoadUnsafe(ref values, index).AsInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(HalfWordsAndValues row, ref ulong words, ref ulong values, nuint index)
    {
        HalfRow.Store(row.words, ref words, index);
        row.values.AsUInt64().StoreUnsafe(ref values, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exchange(ref HalfWordsAndValues first, ref HalfWordsAndValues second)
    {
        var greater = Vector256.GreaterThan(first.words, second.words);
        (first.words, second.words) = (
            Vector256.ConditionalSelect(greater, second.words, first.words),
            Vector256.ConditionalSelect(greater, first.words, second.words));
        (first.values, second.values) = (
            Vector256.ConditionalSelect(greater, second.values, first.values),
            Vector256.ConditionalSelect(greater, first.values, second.values));
    }
}

/// <summary>Words with their highest bit flipped: their order as signed numbers is that of the words without sign.</summary>
internal static class HalfRow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Load(ref ulong words, nuint index) =>
        Vector256.LoadUnsafe(ref words, index).AsInt64() ^ Vector256.Create(long.MinValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<long> row, ref ulong words, nuint index) =>
        (row ^ Vector256.Create(long.MinValue)).AsUInt64().StoreUnsafe(ref words, index);
}
