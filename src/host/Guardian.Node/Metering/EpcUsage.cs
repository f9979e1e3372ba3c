namespace Guardian.Node.Metering;

/// <summary>Adds up EPC over a period. Amounts are MiB times hours.</summary>
public static class EpcUsage
{
    private const decimal MillisecondsPerHour = 3_600_000;

    /// <summary>What running guests held within the period.</summary>
    public static decimal Running(InstanceTimeline timeline, DateTimeOffset start, DateTimeOffset end)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var (from, to) = (start.ToUnixTimeMilliseconds(), end.ToUnixTimeMilliseconds());
        return timeline.Running.Sum(interval => Math.Max(0, Math.Min(interval.End, to) - Math.Max(interval.Start, from)) * (decimal)interval.Mebibytes) / MillisecondsPerHour;
    }

    /// <summary>When a server counts by Nova's rule, from launch to delete, stopped or not, and before, where a resize or an unshelving made Nova forget it.</summary>
    /// <param name="timeline">What journals say of it; with at least one size.</param>
    /// <param name="start">The period's.</param>
    /// <param name="launched">When Nova says that it was launched.</param>
    /// <param name="hours">How long Nova counts within the period.</param>
    public static Period Counted(InstanceTimeline timeline, DateTimeOffset start, DateTimeOffset launched, decimal hours)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var begin = start.ToUnixTimeMilliseconds();
        var counted = Math.Max(begin, launched.ToUnixTimeMilliseconds());
        return new Period(Math.Max(begin, Math.Min(counted, timeline.Sizes[0].At)), counted + (long)decimal.Round(hours * MillisecondsPerHour));
    }

    /// <summary>What a server held while it counts, with the size that it had at each moment.</summary>
    /// <param name="released">Times during which it held none: see <see cref="ShelvedTime"/>.</param>
    public static decimal Held(InstanceTimeline timeline, Period counted, IReadOnlyList<Period> released)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        ArgumentNullException.ThrowIfNull(released);
        var total = 0m;
        for (var i = 0; i < timeline.Sizes.Count; i++)
        {
            // The first size was also the size before: Nova counts a server as launched a little before or after it was defined.
            var part = new Period(
                i == 0 ? counted.Start : Math.Max(counted.Start, timeline.Sizes[i].At), i + 1 == timeline.Sizes.Count ? counted.End : Math.Min(counted.End, timeline.Sizes[i + 1].At));
            total += (Overlap(part, part) - released.Sum(period => Overlap(part, period))) * timeline.Sizes[i].Mebibytes;
        }
        return total / MillisecondsPerHour;
    }

    private static decimal Overlap(Period one, Period other) => Math.Max(0, Math.Min(one.End, other.End) - Math.Max(one.Start, other.Start));
}
