using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom;

/// <summary>
/// Merges two sorted sides of eight interleaved buckets by a bitonic network (Batcher 1968). Which addresses it touches, in which order,
/// and every branch it takes follow from the size alone; the data only decides, inside a register, which of two values goes where.
/// </summary>
/// <remarks>
/// Element e of bucket q lies at index e*8+q, so that one compare-exchange works on the same place of all eight buckets at once and never
/// shuffles lanes. Vector512 falls back to smaller vectors where a processor lacks it.
/// </remarks>
internal static class MatchNetwork
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Sorts a bitonic sequence: ascending, then descending.</summary>
    /// <param name="size">Elements per bucket, a power of two.</param>
    /// <param name="payload">Words that travel with each element, in planes of size*8; may be empty.</param>
    public static void Merge(Span<ulong> high, Span<ulong> low, Span<ulong> payload, int size)
    {
        var plane = size * Lanes;
        if (high.Length != plane || low.Length != plane || payload.Length % plane != 0)
        {
            throw new ArgumentException("the spans do not fit the size");
        }
        ref var h = ref MemoryMarshal.GetReference(high);
        ref var l = ref MemoryMarshal.GetReference(low);
        ref var p = ref MemoryMarshal.GetReference(payload);
        var planes = payload.Length / plane;
        unchecked
        {
            for (var stride = size / 2; stride > 0; stride /= 2)
            {
                for (var start = 0; start < size; start += 2 * stride)
                {
                    for (var i = start; i < start + stride; i++)
                    {
                        CompareExchange(ref h, ref l, ref p, planes, plane, (nuint)(i * Lanes), (nuint)((i + stride) * Lanes));
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CompareExchange(ref ulong high, ref ulong low, ref ulong payload, int planes, int plane, nuint one, nuint two)
    {
        unchecked
        {
            var (highOne, highTwo) = (Vector512.LoadUnsafe(ref high, one), Vector512.LoadUnsafe(ref high, two));
            var (lowOne, lowTwo) = (Vector512.LoadUnsafe(ref low, one), Vector512.LoadUnsafe(ref low, two));
            var greater = Vector512.GreaterThan(highOne, highTwo) | (Vector512.Equals(highOne, highTwo) & Vector512.GreaterThan(lowOne, lowTwo));
            Exchange(ref high, one, two, highOne, highTwo, greater);
            Exchange(ref low, one, two, lowOne, lowTwo, greater);
            for (var k = 0; k < planes; k++)
            {
                var offset = (nuint)(k * plane);
                Exchange(
                    ref payload, offset + one, offset + two,
                    Vector512.LoadUnsafe(ref payload, offset + one), Vector512.LoadUnsafe(ref payload, offset + two), greater);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ref ulong words, nuint one, nuint two, Vector512<ulong> first, Vector512<ulong> second, Vector512<ulong> where)
    {
        var change = (first ^ second) & where;
        (first ^ change).StoreUnsafe(ref words, one);
        (second ^ change).StoreUnsafe(ref words, two);
    }
}
