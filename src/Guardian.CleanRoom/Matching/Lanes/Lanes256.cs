using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom;

/// <summary>Eight words in two registers.</summary>
internal readonly record struct TwoVectors(Vector256<ulong> Low, Vector256<ulong> High);

/// <summary>Eight words in two registers of 256 bits.</summary>
internal readonly struct Lanes256 : ILanes<TwoVectors>
{
    private const int Half = 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Load(ref ulong words, nuint index) => new(Vector256.LoadUnsafe(ref words, index), Vector256.LoadUnsafe(ref words, index + Half));

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
            return Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref codes, index))).AsByte()));
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

    public static void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count)
    {
        unchecked
        {
            nuint i = 0;
            for (; i + 16 <= count; i += 16)
            {
                ref var at = ref Unsafe.Add(ref codes, i * (nuint)size);
                var code = size == 1 ? Vector256.WidenLower(Unsafe.ReadUnaligned<Vector128<byte>>(ref at).ToVector256Unsafe()) : Unsafe.ReadUnaligned<Vector256<ushort>>(ref at);
                var isEmpty = Vector256.Equals(code, Vector256<ushort>.Zero);
                var sum = Vector256.LoadUnsafe(ref sums, i) + Vector256.AndNot((code - Vector256<ushort>.One) * Vector256.Create(stride), isEmpty);
                (sum | (isEmpty & Vector256.Create(emptyMask))).StoreUnsafe(ref sums, i);
            }
            LanesScalar.AddMultiples(ref Unsafe.Add(ref codes, i * (nuint)size), size, stride, emptyMask, ref Unsafe.Add(ref sums, i), count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors All(ulong value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors And(TwoVectors left, TwoVectors right) => new(left.Low & right.Low, left.High & right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors AndNot(TwoVectors left, TwoVectors right) => new(Vector256.AndNot(left.Low, right.Low), Vector256.AndNot(left.High, right.High));

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
    public static TwoVectors Min(TwoVectors left, TwoVectors right) => new(Vector256.Min(left.Low, right.Low), Vector256.Min(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Max(TwoVectors left, TwoVectors right) => new(Vector256.Max(left.Low, right.Low), Vector256.Max(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors ShiftLeft(TwoVectors value, int count) => new(value.Low << count, value.High << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors ShiftRight(TwoVectors value, int count) => new(value.Low >>> count, value.High >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Greater(TwoVectors left, TwoVectors right) => new(Vector256.GreaterThan(left.Low, right.Low), Vector256.GreaterThan(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Equal(TwoVectors left, TwoVectors right) => new(Vector256.Equals(left.Low, right.Low), Vector256.Equals(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoVectors Select(TwoVectors mask, TwoVectors first, TwoVectors second) =>
        new(Vector256.ConditionalSelect(mask.Low, first.Low, second.Low), Vector256.ConditionalSelect(mask.High, first.High, second.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(TwoVectors value) => Vector256.Sum(value.Low + value.High);

    public static void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join)
    {
        unchecked
        {
            var span = last - first;
            nuint i = 0;
            for (; i + 32 <= count; i += 32)
            {
                ref var at = ref Unsafe.Add(ref codes, i * (nuint)size);
                var mask = size switch
                {
                    1 => Vector256.LessThanOrEqual(Vector256.LoadUnsafe(ref at) - Vector256.Create((byte)first), Vector256.Create((byte)span)),
                    2 => Vector256.Narrow(Halves(ref at, 0, first, span), Halves(ref at, 1, first, span)),
                    _ => Vector256.Narrow(
                        Vector256.Narrow(Words(ref at, 0, first, span), Words(ref at, 1, first, span)), Vector256.Narrow(Words(ref at, 2, first, span), Words(ref at, 3, first, span))),
                };
                Join(ref masks, i, mask, join);
            }
            LanesScalar.InRange(ref Unsafe.Add(ref codes, i * (nuint)size), size, first, last, ref Unsafe.Add(ref masks, i), count - i, join);
        }
    }

    public static void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join)
    {
        unchecked
        {
            nuint i = 0;
            for (; i + 32 <= count; i += 32)
            {
                Join(ref masks, i, Vector256.LoadUnsafe(ref others, i), join);
            }
            LanesScalar.JoinMasks(ref Unsafe.Add(ref masks, i), ref Unsafe.Add(ref others, i), count - i, join);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(ref byte masks, nuint index, Vector256<byte> mask, MaskJoin join)
    {
        var joined = join switch
        {
            MaskJoin.And => Vector256.LoadUnsafe(ref masks, index) & mask,
            MaskJoin.Or => Vector256.LoadUnsafe(ref masks, index) | mask,
            _ => mask,
        };
        joined.StoreUnsafe(ref masks, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Halves(ref byte codes, nuint part, uint first, uint span) =>
        Vector256.LessThanOrEqual(Vector256.LoadUnsafe(ref codes, part * 32).AsUInt16() - Vector256.Create((ushort)first), Vector256.Create((ushort)span));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Words(ref byte codes, nuint part, uint first, uint span) =>
        Vector256.LessThanOrEqual(Vector256.LoadUnsafe(ref codes, part * 32).AsUInt32() - Vector256.Create(first), Vector256.Create(span));

    public static long CountEqual(ref byte codes, nuint count, int size, ushort value)
    {
        var total = 0L;
        unchecked
        {
            if (size == 1)
            {
                var wanted = Vector256.Create((byte)value);
                for (nuint i = 0; i < count; i += 64)
                {
                    total += BitOperations.PopCount(Vector256.Equals(Vector256.LoadUnsafe(ref codes, i), wanted).ExtractMostSignificantBits());
                    total += BitOperations.PopCount(Vector256.Equals(Vector256.LoadUnsafe(ref codes, i + 32), wanted).ExtractMostSignificantBits());
                }
            }
            else
            {
                var wanted = Vector256.Create(value);
                for (nuint i = 0; i < 2 * count; i += 32)
                {
                    total += BitOperations.PopCount(Vector256.Equals(Vector256.LoadUnsafe(ref codes, i).AsUInt16(), wanted).ExtractMostSignificantBits());
                }
            }
        }
        return total;
    }

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
