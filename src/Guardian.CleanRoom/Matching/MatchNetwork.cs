using System.Runtime.CompilerServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Merges two sorted runs of eight interleaved buckets by a bitonic network (Batcher 1968). Which addresses it touches, in which order,
/// and every branch it takes follow from the size alone; the data only decides, inside a register, which of two values goes where.
/// </summary>
/// <remarks>
/// Element e of bucket q lies at index e*8+q, so that one compare-exchange works on the same place of all eight buckets at once and never
/// shuffles lanes. The first stage compares from both ends, so that both runs may ascend.
/// </remarks>
internal static class MatchNetwork<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Merges the two sorted halves of a run into one.</summary>
    /// <param name="high">Words to sort by.</param>
    /// <param name="low">Words that travel along.</param>
    /// <param name="size">Elements per bucket, a power of two, at least 2.</param>
    public static void Merge(ref ulong high, ref ulong low, int size)
    {
        unchecked
        {
            for (var i = 0; i < size / 2; i++)
            {
                var (one, two) = ((nuint)i * Lanes, (nuint)(size - 1 - i) * Lanes);
                var (a, aLow, b, bLow) = (TLanes.Load(ref high, one), TLanes.Load(ref low, one), TLanes.Load(ref high, two), TLanes.Load(ref low, two));
                Exchange(ref a, ref aLow, ref b, ref bLow);
                Store(ref high, ref low, one, a, aLow);
                Store(ref high, ref low, two, b, bLow);
            }
            var stride = size / 4;
            // Two stages at a time, so that each element is loaded and stored half as often.
            for (; stride >= 2; stride /= 4)
            {
                for (var start = 0; start < size; start += 2 * stride)
                {
                    TwoStages(ref high, ref low, start, stride);
                }
            }
            if (stride == 1)
            {
                for (var i = 0; i < size; i += 2)
                {
                    var (one, two) = ((nuint)i * Lanes, (nuint)(i + 1) * Lanes);
                    var (a, aLow, b, bLow) = (TLanes.Load(ref high, one), TLanes.Load(ref low, one), TLanes.Load(ref high, two), TLanes.Load(ref low, two));
                    Exchange(ref a, ref aLow, ref b, ref bLow);
                    Store(ref high, ref low, one, a, aLow);
                    Store(ref high, ref low, two, b, bLow);
                }
            }
        }
    }

    /// <summary>The same with further words that travel along.</summary>
    /// <param name="values">Planes of <paramref name="plane"/> words each.</param>
    public static void Merge(ref ulong high, ref ulong low, ref ulong values, int planes, int plane, int size)
    {
        if (planes == 0)
        {
            Merge(ref high, ref low, size);
            return;
        }
        unchecked
        {
            for (var i = 0; i < size / 2; i++)
            {
                Exchange(ref high, ref low, ref values, planes, plane, (nuint)i * Lanes, (nuint)(size - 1 - i) * Lanes);
            }
            for (var stride = size / 4; stride > 0; stride /= 2)
            {
                for (var start = 0; start < size; start += 2 * stride)
                {
                    for (var i = start; i < start + stride; i++)
                    {
                        Exchange(ref high, ref low, ref values, planes, plane, (nuint)i * Lanes, (nuint)(i + stride) * Lanes);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoStages(ref ulong high, ref ulong low, int start, int stride)
    {
        unchecked
        {
            var half = (nuint)(stride / 2) * Lanes;
            var end = ((nuint)start * Lanes) + half;
            for (var one = (nuint)start * Lanes; one < end; one += Lanes)
            {
                var (two, three) = (one + half, one + (2 * half));
                var four = three + half;
                var (a, aLow, c, cLow) = (TLanes.Load(ref high, one), TLanes.Load(ref low, one), TLanes.Load(ref high, three), TLanes.Load(ref low, three));
                Exchange(ref a, ref aLow, ref c, ref cLow);
                var (b, bLow, d, dLow) = (TLanes.Load(ref high, two), TLanes.Load(ref low, two), TLanes.Load(ref high, four), TLanes.Load(ref low, four));
                Exchange(ref b, ref bLow, ref d, ref dLow);
                Exchange(ref a, ref aLow, ref b, ref bLow);
                Exchange(ref c, ref cLow, ref d, ref dLow);
                Store(ref high, ref low, one, a, aLow);
                Store(ref high, ref low, two, b, bLow);
                Store(ref high, ref low, three, c, cLow);
                Store(ref high, ref low, four, d, dLow);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ref T high, ref T low, ref T otherHigh, ref T otherLow)
    {
        var greater = TLanes.Greater(high, otherHigh);
        (high, otherHigh) = (TLanes.Min(high, otherHigh), TLanes.Max(high, otherHigh));
        (low, otherLow) = (TLanes.Select(greater, otherLow, low), TLanes.Select(greater, low, otherLow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref ulong high, ref ulong low, nuint index, T highValue, T lowValue)
    {
        TLanes.Store(highValue, ref high, index);
        TLanes.Store(lowValue, ref low, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ref ulong high, ref ulong low, ref ulong values, int planes, int plane, nuint one, nuint two)
    {
        var greater = TLanes.Greater(TLanes.Load(ref high, one), TLanes.Load(ref high, two));
        Swap(ref high, one, two, greater);
        Swap(ref low, one, two, greater);
        for (var k = 0; k < planes; k++)
        {
            var offset = unchecked((nuint)(k * plane));
            Swap(ref values, offset + one, offset + two, greater);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Swap(ref ulong words, nuint one, nuint two, T where)
    {
        var (first, second) = (TLanes.Load(ref words, one), TLanes.Load(ref words, two));
        TLanes.Store(TLanes.Select(where, second, first), ref words, one);
        TLanes.Store(TLanes.Select(where, first, second), ref words, two);
    }
}
