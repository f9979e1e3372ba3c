using System.Runtime.CompilerServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Sorts bitonic sequences of eight interleaved buckets by half-cleaners (Batcher 1968): a sorted run followed by a reversed one becomes one sorted run.
/// Which addresses it touches, in which order, and every branch it takes follow from the size alone; the data only decides, inside a register,
/// which of two values goes where.
/// </summary>
/// <remarks>
/// Element e of bucket q lies at index e*8+q, so that one compare-exchange works on the same place of all eight buckets at once and never
/// shuffles lanes. Three stages are done on eight rows at a time, and a part is finished before the next is begun: the cache's bandwidth is the limit, not the comparisons.
/// </remarks>
internal static class MatchNetwork<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Sorts a bitonic sequence.</summary>
    /// <param name="high">Words to sort by.</param>
    /// <param name="low">Words that travel along.</param>
    /// <param name="rows">A power of two.</param>
    public static void Merge(ref ulong high, ref ulong low, nuint rows)
    {
        unchecked
        {
            // One or two stages first, so that what is left can be done by threes.
            var parts = rows;
            while (parts >= 8)
            {
                parts /= 8;
            }
            var part = rows;
            for (var stride = rows / 2; parts > 1; parts /= 2, stride /= 2)
            {
                for (nuint start = 0; start < rows; start += 2 * stride)
                {
                    OneStage(ref high, ref low, start, stride);
                }
                part = stride;
            }
            if (part < 8)
            {
                return;
            }
            for (nuint start = 0; start < rows; start += part)
            {
                SortByThrees(ref high, ref low, start, part);
            }
        }
    }

    /// <summary>Merges two groups as they are read: what waits for the memory compares meanwhile.</summary>
    /// <param name="first">Fills the first half of the rows.</param>
    /// <param name="second">Fills the second half, back to front.</param>
    /// <param name="rows">A power of two, at least 8.</param>
    public static void Merge(in GroupRows<TLanes, T> first, in GroupRows<TLanes, T> second, ref ulong high, ref ulong low, nuint rows)
    {
        unchecked
        {
            var step = rows / 8;
            var s = step * Lanes;
            for (nuint row = 0; row < step; row++)
            {
                var last = (rows / 2) - 1 - row;
                first.Read(row, out var h0, out var l0);
                second.Read(last, out var h4, out var l4);
                Exchange(ref h0, ref l0, ref h4, ref l4);
                first.Read(row + (2 * step), out var h2, out var l2);
                second.Read(last - (2 * step), out var h6, out var l6);
                Exchange(ref h2, ref l2, ref h6, ref l6);
                first.Read(row + step, out var h1, out var l1);
                second.Read(last - step, out var h5, out var l5);
                Exchange(ref h1, ref l1, ref h5, ref l5);
                first.Read(row + (3 * step), out var h3, out var l3);
                second.Read(last - (3 * step), out var h7, out var l7);
                Exchange(ref h3, ref l3, ref h7, ref l7);
                TwoStages(ref high, ref low, row * Lanes, s, ref h0, ref l0, ref h1, ref l1, ref h2, ref l2, ref h3, ref l3, ref h4, ref l4, ref h5, ref l5, ref h6, ref l6, ref h7, ref l7);
            }
            for (nuint part = 0; part < 8; part++)
            {
                Merge(ref Unsafe.Add(ref high, part * s), ref Unsafe.Add(ref low, part * s), step);
            }
        }
    }

    /// <summary>Sorts a bitonic sequence with further words that travel along.</summary>
    /// <param name="values">Planes of <paramref name="plane"/> words each.</param>
    public static void Merge(ref ulong high, ref ulong low, ref ulong values, int planes, int plane, nuint rows)
    {
        unchecked
        {
            for (var stride = rows / 2 * Lanes; stride > 0; stride = stride / 2 / Lanes * Lanes)
            {
                for (nuint start = 0; start < rows * Lanes; start += 2 * stride)
                {
                    for (var one = start; one < start + stride; one += Lanes)
                    {
                        var greater = TLanes.Greater(TLanes.Load(ref high, one), TLanes.Load(ref high, one + stride));
                        Swap(ref high, one, one + stride, greater);
                        Swap(ref low, one, one + stride, greater);
                        for (var k = 0; k < planes; k++)
                        {
                            var offset = (nuint)(k * plane);
                            Swap(ref values, offset + one, offset + one + stride, greater);
                        }
                    }
                }
            }
        }
    }

    private static void SortByThrees(ref ulong high, ref ulong low, nuint start, nuint rows)
    {
        unchecked
        {
            ThreeStages(ref high, ref low, start, rows / 8);
            if (rows > 8)
            {
                for (nuint part = 0; part < 8; part++)
                {
                    SortByThrees(ref high, ref low, start + (part * (rows / 8)), rows / 8);
                }
            }
        }
    }

    private static void OneStage(ref ulong high, ref ulong low, nuint start, nuint stride)
    {
        unchecked
        {
            for (var row = start; row < start + stride; row++)
            {
                var (one, two) = (row * Lanes, (row + stride) * Lanes);
                var (a, aLow, b, bLow) = (TLanes.Load(ref high, one), TLanes.Load(ref low, one), TLanes.Load(ref high, two), TLanes.Load(ref low, two));
                Exchange(ref a, ref aLow, ref b, ref bLow);
                TLanes.Store(a, ref high, one);
                TLanes.Store(aLow, ref low, one);
                TLanes.Store(b, ref high, two);
                TLanes.Store(bLow, ref low, two);
            }
        }
    }

    // The stages of strides 4, 2 and 1 times the step.
    private static void ThreeStages(ref ulong high, ref ulong low, nuint start, nuint step)
    {
        unchecked
        {
            var s = step * Lanes;
            ref var h = ref Unsafe.Add(ref high, start * Lanes);
            ref var l = ref Unsafe.Add(ref low, start * Lanes);
            for (nuint i = 0; i < s; i += Lanes)
            {
                var (h0, l0, h4, l4) = (TLanes.Load(ref h, i), TLanes.Load(ref l, i), TLanes.Load(ref h, i + (4 * s)), TLanes.Load(ref l, i + (4 * s)));
                Exchange(ref h0, ref l0, ref h4, ref l4);
                var (h2, l2, h6, l6) = (TLanes.Load(ref h, i + (2 * s)), TLanes.Load(ref l, i + (2 * s)), TLanes.Load(ref h, i + (6 * s)), TLanes.Load(ref l, i + (6 * s)));
                Exchange(ref h2, ref l2, ref h6, ref l6);
                var (h1, l1, h5, l5) = (TLanes.Load(ref h, i + s), TLanes.Load(ref l, i + s), TLanes.Load(ref h, i + (5 * s)), TLanes.Load(ref l, i + (5 * s)));
                Exchange(ref h1, ref l1, ref h5, ref l5);
                var (h3, l3, h7, l7) = (TLanes.Load(ref h, i + (3 * s)), TLanes.Load(ref l, i + (3 * s)), TLanes.Load(ref h, i + (7 * s)), TLanes.Load(ref l, i + (7 * s)));
                Exchange(ref h3, ref l3, ref h7, ref l7);
                TwoStages(ref h, ref l, i, s, ref h0, ref l0, ref h1, ref l1, ref h2, ref l2, ref h3, ref l3, ref h4, ref l4, ref h5, ref l5, ref h6, ref l6, ref h7, ref l7);
            }
        }
    }

    // The stages of strides 2 and 1 times the step, of eight rows that lie a step apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TwoStages(
        ref ulong high, ref ulong low, nuint i, nuint s,
        ref T h0, ref T l0, ref T h1, ref T l1, ref T h2, ref T l2, ref T h3, ref T l3, ref T h4, ref T l4, ref T h5, ref T l5, ref T h6, ref T l6, ref T h7, ref T l7)
    {
        unchecked
        {
            Exchange(ref h0, ref l0, ref h2, ref l2);
            Exchange(ref h4, ref l4, ref h6, ref l6);
            Exchange(ref h1, ref l1, ref h3, ref l3);
            Exchange(ref h5, ref l5, ref h7, ref l7);
            ExchangeAndStore(ref high, ref low, i, i + s, h0, l0, h1, l1);
            ExchangeAndStore(ref high, ref low, i + (2 * s), i + (3 * s), h2, l2, h3, l3);
            ExchangeAndStore(ref high, ref low, i + (4 * s), i + (5 * s), h4, l4, h5, l5);
            ExchangeAndStore(ref high, ref low, i + (6 * s), i + (7 * s), h6, l6, h7, l7);
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
    private static void ExchangeAndStore(ref ulong high, ref ulong low, nuint one, nuint two, T h1, T l1, T h2, T l2)
    {
        var greater = TLanes.Greater(h1, h2);
        TLanes.Store(TLanes.Min(h1, h2), ref high, one);
        TLanes.Store(TLanes.Max(h1, h2), ref high, two);
        TLanes.Store(TLanes.Select(greater, l2, l1), ref low, one);
        TLanes.Store(TLanes.Select(greater, l1, l2), ref low, two);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Swap(ref ulong words, nuint one, nuint two, T where)
    {
        var (first, second) = (TLanes.Load(ref words, one), TLanes.Load(ref words, two));
        TLanes.Store(TLanes.Select(where, second, first), ref words, one);
        TLanes.Store(TLanes.Select(where, first, second), ref words, two);
    }
}
