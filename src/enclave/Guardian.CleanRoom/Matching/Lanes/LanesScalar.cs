using System.Runtime.CompilerServices;

namespace Guardian.CleanRoom.Matching.Lanes;

/// <summary>Eight words side by side.</summary>
[InlineArray(8)]
internal struct EightWords
{
    private ulong first;
}

/// <summary>Eight words, one after the other: for processors without vectors, and as the plainest definition of each operation.</summary>
internal readonly struct LanesScalar : ILanes<EightWords>
{
    private const int Count = 8;

    public static EightWords Load(ref ulong words, nuint index) => Unsafe.As<ulong, EightWords>(ref Unsafe.Add(ref words, index));

    public static void Store(EightWords value, ref ulong words, nuint index) =>
        Unsafe.As<ulong, EightWords>(ref Unsafe.Add(ref words, index)) = value;

    public static EightWords LoadCodes(ref byte codes, nuint index, int size)
    {
        var result = default(EightWords);
        for (var i = 0; i < Count; i++)
        {
            ref var code = ref Unsafe.Add(ref codes, (index + (nuint)i) * (nuint)size);
            result[i] = size == 1 ? code : size == 2 ? Unsafe.ReadUnaligned<ushort>(ref code) : Unsafe.ReadUnaligned<uint>(ref code);
        }
        return result;
    }

    public static EightWords LoadHalves(ref ushort halves, nuint index)
    {
        var result = default(EightWords);
        for (var i = 0; i < Count; i++)
        {
            result[i] = Unsafe.Add(ref halves, index + (nuint)i);
        }
        return result;
    }

    public static void StoreHalves(EightWords value, ref ushort halves, nuint index)
    {
        for (var i = 0; i < Count; i++)
        {
            Unsafe.Add(ref halves, index + (nuint)i) = unchecked((ushort)value[i]);
        }
    }

    public static void StoreCodes(EightWords value, ref byte codes, nuint index, int size)
    {
        for (var i = 0; i < Count; i++)
        {
            ref var code = ref Unsafe.Add(ref codes, (index + (nuint)i) * (nuint)size);
            if (size == 1)
            {
                code = unchecked((byte)value[i]);
            }
            else if (size == 2)
            {
                Unsafe.WriteUnaligned(ref code, unchecked((ushort)value[i]));
            }
            else
            {
                Unsafe.WriteUnaligned(ref code, unchecked((uint)value[i]));
            }
        }
    }

    public static void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count)
    {
        for (nuint i = 0; i < count; i++)
        {
            ref var at = ref Unsafe.Add(ref codes, i * (nuint)size);
            uint code = size == 1 ? at : Unsafe.ReadUnaligned<ushort>(ref at);
            // All ones where the code is 0.
            var isEmpty = unchecked((uint)EqualOperation.Apply(code, 0));
            ref var sum = ref Unsafe.Add(ref sums, i);
            sum = unchecked((ushort)((sum + (((code - 1) * stride) & ~isEmpty)) | (emptyMask & isEmpty)));
        }
    }

    public static EightWords All(ulong value)
    {
        var result = default(EightWords);
        ((Span<ulong>)result).Fill(value);
        return result;
    }

    public static EightWords And(EightWords left, EightWords right) => Each<AndOperation>(left, right);

    public static EightWords AndNot(EightWords left, EightWords right) => Each<AndNotOperation>(left, right);

    public static EightWords Or(EightWords left, EightWords right) => Each<OrOperation>(left, right);

    public static EightWords Xor(EightWords left, EightWords right) => Each<XorOperation>(left, right);

    public static EightWords Add(EightWords left, EightWords right) => Each<AddOperation>(left, right);

    public static EightWords Subtract(EightWords left, EightWords right) => Each<SubtractOperation>(left, right);

    public static EightWords Multiply(EightWords left, EightWords right) => Each<MultiplyOperation>(left, right);

    public static EightWords Min(EightWords left, EightWords right) => Select(Greater(left, right), right, left);

    public static void Order(ref EightWords first, ref EightWords second)
    {
        var greater = Greater(first, second);
        (first, second) = (Select(greater, second, first), Select(greater, first, second));
    }

    public static EightWords ShiftLeft(EightWords value, int count) => Each<ShiftLeftOperation>(value, All((ulong)count));

    public static EightWords ShiftRight(EightWords value, int count) => Each<ShiftRightOperation>(value, All((ulong)count));

    public static EightWords Greater(EightWords left, EightWords right) => Each<GreaterOperation>(left, right);

    public static EightWords Equal(EightWords left, EightWords right) => Each<EqualOperation>(left, right);

    public static EightWords Select(EightWords mask, EightWords first, EightWords second) => Or(And(first, mask), AndNot(second, mask));

    public static ulong Sum(EightWords value)
    {
        var sum = 0UL;
        foreach (var word in value)
        {
            sum = unchecked(sum + word);
        }
        return sum;
    }

    public static void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join)
    {
        for (nuint i = 0; i < count; i++)
        {
            ref var code = ref Unsafe.Add(ref codes, i * (nuint)size);
            var value = size == 1 ? code : size == 2 ? Unsafe.ReadUnaligned<ushort>(ref code) : Unsafe.ReadUnaligned<uint>(ref code);
            var outside = GreaterOperation.Apply(unchecked(value - first), last - first);
            Join(ref Unsafe.Add(ref masks, i), unchecked((byte)~outside), join);
        }
    }

    public static void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join)
    {
        for (nuint i = 0; i < count; i++)
        {
            Join(ref Unsafe.Add(ref masks, i), Unsafe.Add(ref others, i), join);
        }
    }

    public static long CountEqual(ref byte codes, nuint count, int size, ushort value)
    {
        var total = 0L;
        for (nuint i = 0; i < count; i++)
        {
            ref var code = ref Unsafe.Add(ref codes, i * (nuint)size);
            total += (long)(EqualOperation.Apply(size == 1 ? code : Unsafe.ReadUnaligned<ushort>(ref code), value) & 1);
        }
        return total;
    }

    private static void Join(ref byte mask, byte other, MaskJoin join) => mask = join switch
    {
        MaskJoin.And => (byte)(mask & other),
        MaskJoin.Or => (byte)(mask | other),
        _ => other,
    };

    private static EightWords Each<TOperation>(EightWords left, EightWords right) where TOperation : struct, IOperation
    {
        for (var i = 0; i < Count; i++)
        {
            left[i] = TOperation.Apply(left[i], right[i]);
        }
        return left;
    }

    private interface IOperation
    {
        static abstract ulong Apply(ulong left, ulong right);
    }

    private readonly struct AndOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left & right;
    }

    private readonly struct AndNotOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left & ~right;
    }

    private readonly struct OrOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left | right;
    }

    private readonly struct XorOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left ^ right;
    }

    private readonly struct AddOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => unchecked(left + right);
    }

    private readonly struct SubtractOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => unchecked(left - right);
    }

    private readonly struct MultiplyOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => unchecked(left * right);
    }

    private readonly struct ShiftLeftOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left << (int)right;
    }

    private readonly struct ShiftRightOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) => left >> (int)right;
    }

    // The top bit of the borrow of right - left is set when left is greater (Hacker's Delight, 2-12).
    private readonly struct GreaterOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right) =>
            unchecked((ulong)((long)((~right & left) | ((~right | left) & (right - left))) >> 63));
    }

    // The top bit of (x | -x) is set when x is not zero.
    private readonly struct EqualOperation : IOperation
    {
        public static ulong Apply(ulong left, ulong right)
        {
            var difference = left ^ right;
            return unchecked((ulong)~((long)(difference | (0UL - difference)) >> 63));
        }
    }
}
