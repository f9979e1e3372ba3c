using System.Collections.Concurrent;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>The source of a decision about a server's EPC.</summary>
internal enum LookupResult
{
    /// <summary>Placement's answer.</summary>
    Answered,

    /// <summary>The host's memory, because Placement gave no answer.</summary>
    Remembered,

    /// <summary>None: the server was refused.</summary>
    Refused,
}

/// <summary>Counts what the relay does, for monitoring.</summary>
/// <remarks>Thread-safe. The counts are since the daemon's start.</remarks>
internal sealed class RelayStatistics
{
    private readonly ConcurrentDictionary<RefusalReason, long> refusals = new();
    private readonly Lock gate = new();
    private readonly long[] results = new long[Enum.GetValues<LookupResult>().Length];
    private readonly long[] buckets = new long[LookupBounds.Count];
    private double seconds;

    /// <summary>The upper bounds of <see cref="LookupCounts.Buckets"/>, in seconds.</summary>
    public static IReadOnlyList<double> LookupBounds { get; } = [0.01, 0.05, 0.1, 0.5, 1, 5, 10];

    /// <summary>The refused calls by reason.</summary>
    public IReadOnlyDictionary<RefusalReason, long> Refusals => refusals;

    /// <summary>Counts a call that was refused.</summary>
    public void CountRefusal(RefusalReason reason) => refusals.AddOrUpdate(reason, 1, (_, count) => count + 1);

    /// <summary>Counts a lookup of a server's claims, and the time for which its definition waited.</summary>
    public void CountLookup(LookupResult result, TimeSpan elapsed)
    {
        lock (gate)
        {
            results[(int)result]++;
            seconds += elapsed.TotalSeconds;
            for (var i = 0; i < buckets.Length; i++)
            {
                buckets[i] += elapsed.TotalSeconds <= LookupBounds[i] ? 1 : 0;
            }
        }
    }

    /// <summary>Reads the counts of lookups, all of one moment.</summary>
    public LookupCounts ReadLookups()
    {
        lock (gate)
        {
            return new LookupCounts(
                Enum.GetValues<LookupResult>().ToDictionary(result => result, result => results[(int)result]), [.. buckets], seconds);
        }
    }
}

/// <summary>Counts of lookups.</summary>
/// <param name="Results">By the source of the decision.</param>
/// <param name="Buckets">For each of <see cref="RelayStatistics.LookupBounds"/>, the lookups that took no longer.</param>
/// <param name="Seconds">The time that all lookups took together.</param>
internal sealed record LookupCounts(IReadOnlyDictionary<LookupResult, long> Results, IReadOnlyList<long> Buckets, double Seconds);
