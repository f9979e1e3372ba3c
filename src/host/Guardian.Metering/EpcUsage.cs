namespace Guardian.Metering;

/// <summary>Adds up EPC over a period. Amounts are MiB times hours.</summary>
public static class EpcUsage
{
    private const decimal MillisecondsPerHour = 3_600_000;

    /// <summary>Adds up the EPC that a server's running guest held within a period.</summary>
    /// <param name="timeline">The server's time from the journals.</param>
    /// <param name="start">The period's start.</param>
    /// <param name="end">The period's end, not included.</param>
    public static decimal SumRunning(InstanceTimeline timeline, DateTimeOffset start, DateTimeOffset end)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var period = new Period(start.ToUnixTimeMilliseconds(), end.ToUnixTimeMilliseconds());
        return timeline.Running.Sum(interval => Overlap(new Period(interval.Start, interval.End), period) * interval.Mebibytes)
            / MillisecondsPerHour;
    }

    /// <summary>Finds the time for which a server counts by Nova's rule: from launch to delete, stopped or not.</summary>
    /// <param name="timeline">The server's time from the journals, with at least one size.</param>
    /// <param name="start">The period's start.</param>
    /// <param name="launched">The launch, according to Nova.</param>
    /// <param name="hours">The hours that Nova counts within the period.</param>
    /// <remarks>A resize or an unshelving makes Nova forget the time before; the journals have not forgotten it, so it counts.</remarks>
    public static Period FindCounted(InstanceTimeline timeline, DateTimeOffset start, DateTimeOffset launched, decimal hours)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var begin = start.ToUnixTimeMilliseconds();
        var counted = Math.Max(begin, launched.ToUnixTimeMilliseconds());
        return new Period(
            Math.Max(begin, Math.Min(counted, timeline.Sizes[0].At)), counted + (long)decimal.Round(hours * MillisecondsPerHour));
    }

    /// <summary>Adds up the EPC that a server held while it counts, with the size that it had at each moment.</summary>
    /// <param name="timeline">The server's time from the journals, with at least one size.</param>
    /// <param name="counted">The time for which it counts: see <see cref="FindCounted"/>.</param>
    /// <param name="released">The times within it at which the server held nothing: see <see cref="ShelvedTime"/>.</param>
    public static decimal SumHeld(InstanceTimeline timeline, Period counted, IReadOnlyList<Period> released)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        ArgumentNullException.ThrowIfNull(released);
        var total = 0m;
        for (var i = 0; i < timeline.Sizes.Count; i++)
        {
            // The first size also applies before its time: Nova's launch may be a little earlier or later than the definition.
            var part = new Period(
                i == 0 ? counted.Start : Math.Max(counted.Start, timeline.Sizes[i].At),
                i + 1 == timeline.Sizes.Count ? counted.End : Math.Min(counted.End, timeline.Sizes[i + 1].At));
            total += (Overlap(part, part) - released.Sum(period => Overlap(part, period))) * timeline.Sizes[i].Mebibytes;
        }
        return total / MillisecondsPerHour;
    }

    private static decimal Overlap(Period one, Period other) =>
        Math.Max(0, Math.Min(one.End, other.End) - Math.Max(one.Start, other.Start));
}
