using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom.Matching.Lanes;

/// <summary>Eight words in two registers.</summary>
internal readonly record struct TwoVectors(Vector256<ulong> Low, Vector256<ulong> High);

/// <summary>Eight words in two registers of 256 bits.</summary>
internal readonly struct Lanes256 : ILanes<TwoVectors>
{
    private const int Half = 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Load(ref ulong words, nuint index) =>
        new(Vector256.LoadUnsafe(ref words, index), Vector256.LoadUnsafe(ref words, index + Half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TwoVectors value, ref ulong words, nuint index)
    {
        value.Low.StoreUnsafe(ref words, index);
        value.High.StoreUnsafe(ref words, index + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors LoadCodes(ref byte codes, nuint index, int size)
    {
        if (size == 1)
        {
            var bytes = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref codes, index));
            return Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(bytes).AsByte()));
        }
        return size == 2
            ? Widen(Unsafe.ReadUnaligned<Vector128<ushort>>(ref Unsafe.Add(ref codes, 2 * index)))
            : Widen(Unsafe.ReadUnaligned<Vector256<uint>>(ref Unsafe.Add(ref codes, 4 * index)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors LoadHalves(ref ushort halves, nuint index) => Widen(Vector128.LoadUnsafe(ref halves, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(TwoVectors value, ref ushort halves, nuint index) => LowHalves(value).StoreUnsafe(ref halves, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCodes(TwoVectors value, ref byte codes, nuint index, int size)
    {
        var halves = LowHalves(value);
        if (size == 1)
        {
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref codes, index), Vector128.Narrow(halves, halves).AsUInt64().ToScalar());
        }
        else if (size == 2)
        {
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref codes, 2 * index), halves);
        }
        else
        {
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref codes, 4 * index), Vector256.Narrow(value.Low, value.High));
        }
    }

    public static void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count) =>
        Lanes512.AddMultiples(ref codes, size, stride, emptyMask, ref sums, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors All(ulong value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors And(TwoVectors left, TwoVectors right) => new(left.Low & right.Low, left.High & right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors AndNot(TwoVectors left, TwoVectors right) =>
        new(Vector256.AndNot(left.Low, right.Low), Vector256.AndNot(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Or(TwoVectors left, TwoVectors right) => new(left.Low | right.Low, left.High | right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Xor(TwoVectors left, TwoVectors right) => new(left.Low ^ right.Low, left.High ^ right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Add(TwoVectors left, TwoVectors right) => new(left.Low + right.Low, left.High + right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Subtract(TwoVectors left, TwoVectors right) => new(left.Low - right.Low, left.High - right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Multiply(TwoVectors left, TwoVectors right) => new(left.Low * right.Low, left.High * right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Min(TwoVectors left, TwoVectors right) =>
        new(Vector256.Min(left.Low, right.Low), Vector256.Min(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Order(ref TwoVectors first, ref TwoVectors second)
    {
        // These processors compare words but have no minimum and maximum, each of which would compare again.
        var greater = Greater(first, second);
        (first, second) = (Select(greater, second, first), Select(greater, first, second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors ShiftLeft(TwoVectors value, int count) => new(value.Low << count, value.High << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors ShiftRight(TwoVectors value, int count) => new(value.Low >>> count, value.High >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Greater(TwoVectors left, TwoVectors right) =>
        new(Vector256.GreaterThan(left.Low, right.Low), Vector256.GreaterThan(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Equal(TwoVectors left, TwoVectors right) =>
        new(Vector256.Equals(left.Low, right.Low), Vector256.Equals(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Select(TwoVectors mask, TwoVectors first, TwoVectors second) => new(
        Vector256.ConditionalSelect(mask.Low, first.Low, second.Low),
        Vector256.ConditionalSelect(mask.High, first.High, second.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(TwoVectors value) => Vector256.Sum(value.Low + value.High);

    // Without registers of 512 bits, the compiler makes two vectors of 256 bits from one of 512.
    public static void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join) =>
        Lanes512.InRange(ref codes, size, first, last, ref masks, count, join);

    public static void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join) =>
        Lanes512.JoinMasks(ref masks, ref others, count, join);

    public static long CountEqual(ref byte codes, nuint count, int size, ushort value) =>
        Lanes512.CountEqual(ref codes, count, size, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> LowHalves(TwoVectors value) => Narrow(Vector256.Narrow(value.Low, value.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Narrow(Vector256<uint> words) => Vector128.Narrow(words.GetLower(), words.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TwoVectors Widen(Vector128<ushort> halves) => Widen(Vector256.WidenLower(halves.ToVector256Unsafe()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TwoVectors Widen(Vector256<uint> words)
    {
        var (low, high) = Vector256.Widen(words);
        return new TwoVectors(low, high);
    }
}
