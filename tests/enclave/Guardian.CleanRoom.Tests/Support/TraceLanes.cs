using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Eight words that a kernel can only pass to another operation.</summary>
internal readonly struct Traced(EightWords words)
{
    public EightWords Words { get; } = words;
}

/// <summary>
/// Computes like <see cref="LanesScalar"/> and records every operation with its address, if it has one. A kernel compiled with it runs the
/// same code as in the enclave and has no other access to data, so equal records mean equal sequences of instructions and addresses.
/// </summary>
internal readonly struct TraceLanes : ILanes<Traced>
{
    [ThreadStatic]
    private static Trace? current;

    /// <summary>Records the operations of an action on this thread.</summary>
    public static Trace Record(Action action)
    {
        current = new Trace();
        action();
        (var trace, current) = (current, null);
        return trace;
    }

    public static Traced Load(ref ulong words, nuint index) => At("load", ref words, index, LanesScalar.Load(ref words, index));

    public static void Store(Traced value, ref ulong words, nuint index)
    {
        current!.Add("store", ref words, index);
        LanesScalar.Store(value.Words, ref words, index);
    }

    public static Traced LoadCodes(ref byte codes, nuint index, int size) =>
        At($"load codes of {size}", ref codes, index, LanesScalar.LoadCodes(ref codes, index, size));

    public static void StoreCodes(Traced value, ref byte codes, nuint index, int size)
    {
        current!.Add($"store codes of {size}", ref codes, index);
        LanesScalar.StoreCodes(value.Words, ref codes, index, size);
    }

    public static Traced LoadHalves(ref ushort halves, nuint index) =>
        At("load halves", ref halves, index, LanesScalar.LoadHalves(ref halves, index));

    public static void StoreHalves(Traced value, ref ushort halves, nuint index)
    {
        current!.Add("store halves", ref halves, index);
        LanesScalar.StoreHalves(value.Words, ref halves, index);
    }

    public static void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count)
    {
        current!.Add($"multiples of {stride} by codes of {size}, {emptyMask} where empty", ref codes, count);
        current!.Add("to", ref sums, count);
        LanesScalar.AddMultiples(ref codes, size, stride, emptyMask, ref sums, count);
    }

    public static Traced All(ulong value) => Of("all", LanesScalar.All(value), value);

    public static Traced And(Traced left, Traced right) => Of("and", LanesScalar.And(left.Words, right.Words));

    public static Traced AndNot(Traced left, Traced right) => Of("and not", LanesScalar.AndNot(left.Words, right.Words));

    public static Traced Or(Traced left, Traced right) => Of("or", LanesScalar.Or(left.Words, right.Words));

    public static Traced Xor(Traced left, Traced right) => Of("xor", LanesScalar.Xor(left.Words, right.Words));

    public static Traced Add(Traced left, Traced right) => Of("add", LanesScalar.Add(left.Words, right.Words));

    public static Traced Subtract(Traced left, Traced right) => Of("subtract", LanesScalar.Subtract(left.Words, right.Words));

    public static Traced Multiply(Traced left, Traced right) => Of("multiply", LanesScalar.Multiply(left.Words, right.Words));

    public static Traced Min(Traced left, Traced right) => Of("min", LanesScalar.Min(left.Words, right.Words));

    public static void Order(ref Traced first, ref Traced second)
    {
        var (lesser, greater) = (first.Words, second.Words);
        LanesScalar.Order(ref lesser, ref greater);
        (first, second) = (Of("lesser", lesser), Of("greater", greater));
    }

    public static Traced ShiftLeft(Traced value, int count) => Of("shift left", LanesScalar.ShiftLeft(value.Words, count), (ulong)count);

    public static Traced ShiftRight(Traced value, int count) => Of("shift right", LanesScalar.ShiftRight(value.Words, count), (ulong)count);

    public static Traced Greater(Traced left, Traced right) => Of("greater", LanesScalar.Greater(left.Words, right.Words));

    public static Traced Equal(Traced left, Traced right) => Of("equal", LanesScalar.Equal(left.Words, right.Words));

    public static Traced Select(Traced mask, Traced first, Traced second) =>
        Of("select", LanesScalar.Select(mask.Words, first.Words, second.Words));

    public static ulong Sum(Traced value)
    {
        current!.Add("sum", 0);
        return LanesScalar.Sum(value.Words);
    }

    public static void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join)
    {
        current!.Add($"codes of {size} in {first} to {last}, {join}", ref codes, count);
        current!.Add("to", ref masks, count);
        LanesScalar.InRange(ref codes, size, first, last, ref masks, count, join);
    }

    public static void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join)
    {
        current!.Add($"join masks, {join}", ref masks, count);
        current!.Add("with", ref others, count);
        LanesScalar.JoinMasks(ref masks, ref others, count, join);
    }

    public static long CountEqual(ref byte codes, nuint count, int size, ushort value)
    {
        current!.Add($"count {value} among codes of {size}", ref codes, count);
        return LanesScalar.CountEqual(ref codes, count, size, value);
    }

    private static Traced At<TWord>(string operation, ref TWord first, nuint index, EightWords result)
    {
        current!.Add(operation, ref first, index);
        return new Traced(result);
    }

    // Constants and shifts are part of the code; they must not depend on data either.
    private static Traced Of(string operation, EightWords result, ulong constant = 0)
    {
        current!.Add(operation, constant);
        return new Traced(result);
    }
}

/// <summary>
/// A record of operations and addresses. An address is the number of the buffer, in order of first use, and the index in it.
/// </summary>
internal sealed class Trace
{
    private static byte origin = 1;

    private readonly Dictionary<nint, int> buffers = [];
    private ulong hash = 14695981039346656037;

    /// <summary>Operations recorded.</summary>
    public long Count { get; private set; }

    public void Add<TWord>(string operation, ref TWord first, nuint index)
    {
        // Kernels work in pinned memory, so an address means the same buffer during the whole run of the kernel.
        var address = Unsafe.ByteOffset(ref origin, ref Unsafe.As<TWord, byte>(ref first));
        if (!buffers.TryGetValue(address, out var buffer))
        {
            buffers[address] = buffer = buffers.Count;
        }
        Add(operation, ((ulong)buffer << 32) ^ index);
    }

    public void Add(string operation, ulong detail)
    {
        Count++;
        unchecked
        {
            hash = Mix(hash ^ (uint)operation.GetHashCode(StringComparison.Ordinal));
            hash = Mix(hash ^ detail);
        }
    }

    /// <summary>Equal for equal sequences, and for different ones with a probability of 2^-64.</summary>
    public override string ToString() => $"{Count} operations, {hash:x16}";

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
            return value ^ (value >> 27);
        }
    }
}
