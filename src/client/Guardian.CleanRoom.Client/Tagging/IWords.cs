using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>The operations of SHA-256 on several words of 32 bits at once, one of each message. <see cref="ShortHmac"/> is written once
/// over this interface.</summary>
/// <typeparam name="T">The words.</typeparam>
internal interface IWords<T> where T : struct
{
    /// <summary>The number of words.</summary>
    static abstract int Count { get; }

    /// <summary>Reads words.</summary>
    static abstract T Load(ref uint words, nuint index);

    /// <summary>Writes words.</summary>
    static abstract void Store(T value, ref uint words, nuint index);

    /// <summary>Repeats one word.</summary>
    static abstract T All(uint value);

    /// <summary>Sum modulo 2^32.</summary>
    static abstract T Add(T left, T right);

    /// <summary>Exclusive or of three.</summary>
    static abstract T Xor(T first, T second, T third);

    /// <summary>Each bit of <paramref name="one"/> where the mask has it, else of <paramref name="other"/>.</summary>
    static abstract T Select(T mask, T one, T other);

    /// <summary>Each bit that at least two of three have.</summary>
    static abstract T Majority(T first, T second, T third);

    /// <summary>Rotates each word to the right.</summary>
    static abstract T Rotate(T value, [ConstantExpected] byte count);

    /// <summary>Shifts each word to the right.</summary>
    static abstract T Shift(T value, [ConstantExpected] byte count);
}

/// <summary>Sixteen words in a register of 512 bits, which can rotate them.</summary>
internal readonly struct Words512 : IWords<Vector512<uint>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(ref uint words, nuint index) => Vector512.LoadUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> value, ref uint words, nuint index) => value.StoreUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> All(uint value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> first, Vector512<uint> second, Vector512<uint> third) => first ^ second ^ third;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Select(Vector512<uint> mask, Vector512<uint> one, Vector512<uint> other) =>
        Vector512.ConditionalSelect(mask, one, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Majority(Vector512<uint> first, Vector512<uint> second, Vector512<uint> third) =>
        (first & second) | (third & (first | second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Rotate(Vector512<uint> value, [ConstantExpected] byte count) =>
        Avx512F.IsSupported ? Avx512F.RotateRight(value, count) : (value >>> count) | (value << (32 - count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Shift(Vector512<uint> value, [ConstantExpected] byte count) => value >>> count;
}

/// <summary>Eight words in a register of 256 bits.</summary>
internal readonly struct Words256 : IWords<Vector256<uint>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(ref uint words, nuint index) => Vector256.LoadUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<uint> value, ref uint words, nuint index) => value.StoreUnsafe(ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> All(uint value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> left, Vector256<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Xor(Vector256<uint> first, Vector256<uint> second, Vector256<uint> third) => first ^ second ^ third;

    // One operation fewer than with the mask's complement.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Select(Vector256<uint> mask, Vector256<uint> one, Vector256<uint> other) =>
        (mask & (one ^ other)) ^ other;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Majority(Vector256<uint> first, Vector256<uint> second, Vector256<uint> third) =>
        (first & second) | (third & (first | second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Rotate(Vector256<uint> value, [ConstantExpected] byte count) =>
        (value >>> count) | (value << (32 - count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Shift(Vector256<uint> value, [ConstantExpected] byte count) => value >>> count;
}
