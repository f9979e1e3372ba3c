using System.Numerics;
using System.Runtime.ExceptionServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Matches two data sets bucket by bucket and lets a scan look at each group of merged elements. Every group is read, merged and scanned in
/// the same way, whatever the data: time, addresses and branches follow from public sizes and the question alone.
/// </summary>
/// <remarks>
/// Memory: for each thread one group of either side and its merge buffers. A tag stands at most once in a data set (ingest refuses
/// anything else), so an element matches its neighbour or nothing.
/// </remarks>
internal static class MatchEngine
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Runs over all groups with a number of threads, each taking a fixed share.</summary>
    /// <param name="createScan">Makes a scan for one thread.</param>
    /// <returns>The scans of all threads; the caller adds them up.</returns>
    /// <exception cref="RoomStateException">The host changed a stored group.</exception>
    public static IReadOnlyList<TScan> Run<TScan>(RoomLayout layout, SidePlan first, SidePlan second, int threads, Func<TScan> createScan) where TScan : IScan
    {
        var shares = Math.Clamp(threads, 1, layout.GroupCount);
        var scans = Enumerable.Range(0, shares).Select(_ => createScan()).ToArray();
        try
        {
            Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = shares }, share =>
            {
                var from = (int)((long)layout.GroupCount * share / shares);
                var to = (int)((long)layout.GroupCount * (share + 1) / shares);
                RunShare(layout, first, second, from, to, scans[share]);
            });
        }
        catch (AggregateException failed) when (failed.InnerException is RoomStateException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
        return scans;
    }

    private static void RunShare(RoomLayout layout, SidePlan first, SidePlan second, int from, int to, IScan scan)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)(first.Capacity + second.Capacity));
        var plane = size * Lanes;
        var (high, low) = (new ulong[plane], new ulong[plane]);
        var values = new ulong[plane * Math.Max(PackedValue.Planes(first.Values), PackedValue.Planes(second.Values))];
        var (loadFirst, loadSecond) = (new GroupLoader(first, layout, isSecond: false), new GroupLoader(second, layout, isSecond: true));
        for (var group = from; group < to; group++)
        {
            // Ascending, empty, descending: a bitonic sequence.
            high.AsSpan().Fill(Elements.EmptyHigh);
            low.AsSpan().Fill(Elements.EmptyLow);
            values.AsSpan().Clear();
            loadFirst.Load(group, high, low, values, size);
            loadSecond.Load(group, high, low, values, size);
            MatchNetwork.Merge(high, low, values, size);
            scan.Add(high, low, values);
        }
    }
}

/// <summary>Looks at merged elements and keeps totals. Must not branch or address by their values.</summary>
internal interface IScan
{
    /// <summary>Adds a group: eight interleaved buckets, each sorted. Of two equal tags, the first side's stands right before the second's.</summary>
    void Add(ReadOnlySpan<ulong> high, ReadOnlySpan<ulong> low, ReadOnlySpan<ulong> values);
}
