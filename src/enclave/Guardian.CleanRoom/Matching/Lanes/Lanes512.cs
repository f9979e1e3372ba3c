using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Guardian.CleanRoom.Matching.Lanes;

/// <summary>Eight words in one register of 512 bits.</summary>
internal readonly struct Lanes512 : ILanes<Vector512<ulong>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Load(ref ulong words, nuint index) => Vector512.LoadUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<ulong> value, ref ulong words, nuint index) => value.StoreUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> LoadCodes(ref byte codes, nuint index, int size)
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
    public static Vector512<ulong> LoadHalves(ref ushort halves, nuint index) => Widen(Vector128.LoadUnsafe(ref halves, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Vector512<ulong> value, ref ushort halves, nuint index) =>
        LowHalves(value).StoreUnsafe(ref halves, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCodes(Vector512<ulong> value, ref byte codes, nuint index, int size)
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
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref codes, 4 * index), Vector512.Narrow(value, value).GetLower());
        }
    }

    public static void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count)
    {
        unchecked
        {
            nuint i = 0;
            for (; i + 32 <= count; i += 32)
            {
                ref var at = ref Unsafe.Add(ref codes, i * (nuint)size);
                var code = size == 1
                    ? Vector512.WidenLower(Unsafe.ReadUnaligned<Vector256<byte>>(ref at).ToVector512Unsafe())
                    : Unsafe.ReadUnaligned<Vector512<ushort>>(ref at);
                var isEmpty = Vector512.Equals(code, Vector512<ushort>.Zero);
                var multiple = Vector512.AndNot((code - Vector512<ushort>.One) * Vector512.Create(stride), isEmpty);
                var sum = Vector512.LoadUnsafe(ref sums, i) + multiple;
                (sum | (isEmpty & Vector512.Create(emptyMask))).StoreUnsafe(ref sums, i);
            }
            LanesScalar.AddMultiples(
                ref Unsafe.Add(ref codes, i * (nuint)size), size, stride, emptyMask, ref Unsafe.Add(ref sums, i), count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> All(ulong value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> And(Vector512<ulong> left, Vector512<ulong> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> AndNot(Vector512<ulong> left, Vector512<ulong> right) => Vector512.AndNot(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Or(Vector512<ulong> left, Vector512<ulong> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Xor(Vector512<ulong> left, Vector512<ulong> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Add(Vector512<ulong> left, Vector512<ulong> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Subtract(Vector512<ulong> left, Vector512<ulong> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Multiply(Vector512<ulong> left, Vector512<ulong> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Min(Vector512<ulong> left, Vector512<ulong> right) => Vector512.Min(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Order(ref Vector512<ulong> first, ref Vector512<ulong> second) =>
        (first, second) = (Vector512.Min(first, second), Vector512.Max(first, second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> ShiftLeft(Vector512<ulong> value, int count) => value << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> ShiftRight(Vector512<ulong> value, int count) => value >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Greater(Vector512<ulong> left, Vector512<ulong> right) => Vector512.GreaterThan(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Equal(Vector512<ulong> left, Vector512<ulong> right) => Vector512.Equals(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Select(Vector512<ulong> mask, Vector512<ulong> first, Vector512<ulong> second) =>
        Vector512.ConditionalSelect(mask, first, second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(Vector512<ulong> value) => Vector512.Sum(value);

    public static void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join)
    {
        unchecked
        {
            var span = last - first;
            nuint i = 0;
            for (; i + 64 <= count; i += 64)
            {
                ref var at = ref Unsafe.Add(ref codes, i * (nuint)size);
                var mask = size switch
                {
                    1 => Vector512.LessThanOrEqual(
                        Vector512.LoadUnsafe(ref at) - Vector512.Create((byte)first), Vector512.Create((byte)span)),
                    2 => Vector512.Narrow(Halves(ref at, 0, first, span), Halves(ref at, 1, first, span)),
                    _ => Vector512.Narrow(
                        Vector512.Narrow(Words(ref at, 0, first, span), Words(ref at, 1, first, span)),
                        Vector512.Narrow(Words(ref at, 2, first, span), Words(ref at, 3, first, span))),
                };
                Join(ref masks, i, mask, join);
            }
            LanesScalar.InRange(
                ref Unsafe.Add(ref codes, i * (nuint)size), size, first, last, ref Unsafe.Add(ref masks, i), count - i, join);
        }
    }

    public static void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join)
    {
        unchecked
        {
            nuint i = 0;
            for (; i + 64 <= count; i += 64)
            {
                Join(ref masks, i, Vector512.LoadUnsafe(ref others, i), join);
            }
            LanesScalar.JoinMasks(ref Unsafe.Add(ref masks, i), ref Unsafe.Add(ref others, i), count - i, join);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(ref byte masks, nuint index, Vector512<byte> mask, MaskJoin join)
    {
        var joined = join switch
        {
            MaskJoin.And => Vector512.LoadUnsafe(ref masks, index) & mask,
            MaskJoin.Or => Vector512.LoadUnsafe(ref masks, index) | mask,
            _ => mask,
        };
        joined.StoreUnsafe(ref masks, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Halves(ref byte codes, nuint part, uint first, uint span) => Vector512.LessThanOrEqual(
        Vector512.LoadUnsafe(ref codes, part * 64).AsUInt16() - Vector512.Create((ushort)first), Vector512.Create((ushort)span));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Words(ref byte codes, nuint part, uint first, uint span) => Vector512.LessThanOrEqual(
        Vector512.LoadUnsafe(ref codes, part * 64).AsUInt32() - Vector512.Create(first), Vector512.Create(span));

    public static long CountEqual(ref byte codes, nuint count, int size, ushort value)
    {
        var total = 0L;
        unchecked
        {
            if (size == 1)
            {
                var wanted = Vector512.Create((byte)value);
                for (nuint i = 0; i < count; i += 128)
                {
                    total += CountEqual(Vector512.LoadUnsafe(ref codes, i), wanted);
                    total += CountEqual(Vector512.LoadUnsafe(ref codes, i + 64), wanted);
                }
            }
            else
            {
                var wanted = Vector512.Create(value);
                for (nuint i = 0; i < 2 * count; i += 64)
                {
                    var halves = Vector512.LoadUnsafe(ref codes, i).AsUInt16();
                    total += BitOperations.PopCount(Vector512.Equals(halves, wanted).ExtractMostSignificantBits());
                }
            }
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CountEqual(Vector512<byte> codes, Vector512<byte> wanted) =>
        BitOperations.PopCount(Vector512.Equals(codes, wanted).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> LowHalves(Vector512<ulong> value) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector128UInt16(value)
        : Narrow(Vector256.Narrow(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Narrow(Vector256<uint> words) => Vector128.Narrow(words.GetLower(), words.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Widen(Vector128<ushort> halves) => Widen(Vector256.WidenLower(halves.ToVector256Unsafe()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Widen(Vector256<uint> words) => Vector512.WidenLower(words.ToVector512Unsafe());
}
