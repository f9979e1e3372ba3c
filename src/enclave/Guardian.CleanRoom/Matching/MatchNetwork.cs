using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>One row of all eight buckets, as the network moves it.</summary>
internal interface IElements<TSelf> where TSelf : struct, IElements<TSelf>
{
    /// <summary>Words that are read at once: those of a row, or a part of them that divides a row.</summary>
    static abstract nuint Width { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="index">Of its first word.</param>
    static abstract TSelf Load(ref ulong words, ref ulong values, nuint index);

    /// <summary>Writes a row.</summary>
    static abstract void Store(TSelf row, ref ulong words, ref ulong values, nuint index);

    /// <summary>Orders two rows: in each bucket, the first row gets the lesser word and the second row the greater one.</summary>
    static abstract void Exchange(ref TSelf first, ref TSelf second);
}

/// <summary>Words without values.</summary>
internal struct WordsAlone<TLanes, T>(T words) : IElements<WordsAlone<TLanes, T>> where TLanes : struct, ILanes<T> where T : struct
{
    private T words = words;

    /// <inheritdoc/>
    public static nuint Width => RoomLayout.BucketsPerGroup;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordsAlone<TLanes, T> Load(ref ulong words, ref ulong values, nuint index) => new(TLanes.Load(ref words, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(WordsAlone<TLanes, T> row, ref ulong words, ref ulong values, nuint index) =>
        TLanes.Store(row.words, ref words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exchange(ref WordsAlone<TLanes, T> first, ref WordsAlone<TLanes, T> second) =>
        TLanes.Order(ref first.words, ref second.words);
}

/// <summary>Words, each with one word that moves with it.</summary>
internal struct WordsAndValues<TLanes, T>(T words, T values) : IElements<WordsAndValues<TLanes, T>>
    where TLanes : struct, ILanes<T> where T : struct
{
    private T words = words;
    private T values = values;

    /// <inheritdoc/>
    public static nuint Width => RoomLayout.BucketsPerGroup;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordsAndValues<TLanes, T> Load(ref ulong words, ref ulong values, nuint index) =>
        new(TLanes.Load(ref words, index), TLanes.Load(ref values, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(WordsAndValues<TLanes, T> row, ref ulong words, ref ulong values, nuint index)
    {
        TLanes.Store(row.words, ref words, index);
        TLanes.Store(row.values, ref values, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exchange(ref WordsAndValues<TLanes, T> first, ref WordsAndValues<TLanes, T> second)
    {
        var greater = TLanes.Greater(first.words, second.words);
        TLanes.Order(ref first.words, ref second.words);
        (first.values, second.values) =
            (TLanes.Select(greater, second.values, first.values), TLanes.Select(greater, first.values, second.values));
    }
}

/// <summary>
/// Sorts bitonic sequences of eight interleaved buckets by half-cleaners (Batcher 1968): a sorted run followed by a reversed one becomes
/// one sorted run. Every address, their order and every branch depend on the size alone; the data only decides, inside a register, which
/// of two values goes to which address.
/// </summary>
/// <remarks>
/// Element e of bucket q is at index e*8+q, so one compare-exchange works on the same element of all eight buckets at once and never
/// shuffles lanes. Three stages run on eight rows at a time, and one part is finished before the next: the bandwidth of the cache is the
/// limit, not the comparisons.
/// </remarks>
internal static class MatchNetwork<TElements> where TElements : struct, IElements<TElements>
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Sorts a bitonic sequence.</summary>
    /// <param name="words">The sort keys.</param>
    /// <param name="values">Words that move with the keys, when elements have any.</param>
    /// <param name="rows">A power of two.</param>
    public static void Merge(ref ulong words, ref ulong values, nuint rows)
    {
        unchecked
        {
            // One or two single stages first, so that the rest divides into threes.
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
                    OneStage(ref words, ref values, start, stride);
                }
                part = stride;
            }
            if (part < 8)
            {
                return;
            }
            for (nuint start = 0; start < rows; start += part)
            {
                SortByThrees(ref words, ref values, start, part);
            }
        }
    }

    /// <summary>Runs the stages of strides 4, 2 and 1 times a step on eight rows that are a step apart, and stores the rows.</summary>
    /// <param name="index">Index of the first row.</param>
    /// <param name="step">The step in words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ThreeStages(
        ref ulong words, ref ulong values, nuint index, nuint step,
        TElements r0, TElements r1, TElements r2, TElements r3, TElements r4, TElements r5, TElements r6, TElements r7)
    {
        TElements.Exchange(ref r0, ref r4);
        TElements.Exchange(ref r2, ref r6);
        TElements.Exchange(ref r1, ref r5);
        TElements.Exchange(ref r3, ref r7);
        TElements.Exchange(ref r0, ref r2);
        TElements.Exchange(ref r4, ref r6);
        TElements.Exchange(ref r1, ref r3);
        TElements.Exchange(ref r5, ref r7);
        unchecked
        {
            ExchangeAndStore(ref words, ref values, index, index + step, r0, r1);
            ExchangeAndStore(ref words, ref values, index + (2 * step), index + (3 * step), r2, r3);
            ExchangeAndStore(ref words, ref values, index + (4 * step), index + (5 * step), r4, r5);
            ExchangeAndStore(ref words, ref values, index + (6 * step), index + (7 * step), r6, r7);
        }
    }

    private static void SortByThrees(ref ulong words, ref ulong values, nuint start, nuint rows)
    {
        unchecked
        {
            var step = rows / 8 * Lanes;
            ref var w = ref Unsafe.Add(ref words, start * Lanes);
            ref var v = ref Unsafe.Add(ref values, start * Lanes);
            for (nuint i = 0; i < step; i += TElements.Width)
            {
                ThreeStages(
                    ref w, ref v, i, step,
                    TElements.Load(ref w, ref v, i), TElements.Load(ref w, ref v, i + step),
                    TElements.Load(ref w, ref v, i + (2 * step)), TElements.Load(ref w, ref v, i + (3 * step)),
                    TElements.Load(ref w, ref v, i + (4 * step)), TElements.Load(ref w, ref v, i + (5 * step)),
                    TElements.Load(ref w, ref v, i + (6 * step)), TElements.Load(ref w, ref v, i + (7 * step)));
            }
            if (rows > 8)
            {
                for (nuint part = 0; part < 8; part++)
                {
                    SortByThrees(ref words, ref values, start + (part * (rows / 8)), rows / 8);
                }
            }
        }
    }

    private static void OneStage(ref ulong words, ref ulong values, nuint start, nuint stride)
    {
        unchecked
        {
            var far = stride * Lanes;
            for (var one = start * Lanes; one < (start + stride) * Lanes; one += TElements.Width)
            {
                var two = one + far;
                ExchangeAndStore(
                    ref words, ref values, one, two,
                    TElements.Load(ref words, ref values, one), TElements.Load(ref words, ref values, two));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExchangeAndStore(ref ulong words, ref ulong values, nuint one, nuint two, TElements first, TElements second)
    {
        TElements.Exchange(ref first, ref second);
        TElements.Store(first, ref words, ref values, one);
        TElements.Store(second, ref words, ref values, two);
    }
}

/// <summary>The network for words that come straight from stored groups, and for words with more than one value.</summary>
internal static class MatchNetwork<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Merges two groups while they are read, so that comparisons fill the time of waiting for memory.</summary>
    /// <param name="first">The first half of the rows.</param>
    /// <param name="second">The second half of the rows, back to front.</param>
    /// <param name="rows">A power of two, at least 8.</param>
    public static void Merge(in GroupRows<TLanes, T> first, in GroupRows<TLanes, T> second, ref ulong words, nuint rows)
    {
        unchecked
        {
            if (typeof(TLanes) == typeof(Lanes256))
            {
                for (nuint row = 0; row < rows / 2; row++)
                {
                    TLanes.Store(first.Read(row), ref words, row * Lanes);
                    TLanes.Store(second.Read(row), ref words, (rows - 1 - row) * Lanes);
                }
                MatchNetwork<HalfWords>.Merge(ref words, ref words, rows);
                return;
            }
            var step = rows / 8;
            for (nuint row = 0; row < step; row++)
            {
                var last = (rows / 2) - 1 - row;
                MatchNetwork<WordsAlone<TLanes, T>>.ThreeStages(
                    ref words, ref words, row * Lanes, step * Lanes,
                    new(first.Read(row)), new(first.Read(row + step)), new(first.Read(row + (2 * step))), new(first.Read(row + (3 * step))),
                    new(second.Read(last)), new(second.Read(last - step)),
                    new(second.Read(last - (2 * step))), new(second.Read(last - (3 * step))));
            }
            for (nuint part = 0; part < 8; part++)
            {
                ref var start = ref Unsafe.Add(ref words, part * step * Lanes);
                MatchNetwork<WordsAlone<TLanes, T>>.Merge(ref start, ref start, step);
            }
        }
    }

    /// <summary>Sorts a bitonic sequence with any number of words that move with each element.</summary>
    /// <param name="values">Planes of <paramref name="plane"/> words each.</param>
    public static void Merge(ref ulong words, ref ulong values, int planes, int plane, nuint rows)
    {
        unchecked
        {
            for (var stride = rows / 2 * Lanes; stride > 0; stride = stride / 2 / Lanes * Lanes)
            {
                for (nuint start = 0; start < rows * Lanes; start += 2 * stride)
                {
                    for (var one = start; one < start + stride; one += Lanes)
                    {
                        var greater = TLanes.Greater(TLanes.Load(ref words, one), TLanes.Load(ref words, one + stride));
                        Swap(ref words, one, one + stride, greater);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Swap(ref ulong words, nuint one, nuint two, T where)
    {
        var (first, second) = (TLanes.Load(ref words, one), TLanes.Load(ref words, two));
        TLanes.Store(TLanes.Select(where, second, first), ref words, one);
        TLanes.Store(TLanes.Select(where, first, second), ref words, two);
    }
}
