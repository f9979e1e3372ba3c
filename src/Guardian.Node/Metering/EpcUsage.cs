namespace Guardian.Node;

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

    /// <summary>What a server held by Nova's rule, from launch to delete, stopped or not, but with the size that it had at each moment.</summary>
    /// <param name="timeline">What journals say of it; null when none does.</param>
    /// <param name="start">The period's.</param>
    /// <param name="launched">When Nova says that it was launched. A resize makes Nova forget what was before; the journal does not.</param>
    /// <param name="hours">How long Nova counts within the period.</param>
    /// <param name="flavorMebibytes">What its present flavor asks for; used where no journal knows better.</param>
    public static decimal Held(InstanceTimeline? timeline, DateTimeOffset start, DateTimeOffset launched, decimal hours, long flavorMebibytes)
    {
        if (timeline is not { Sizes.Count: > 0 })
        {
            return hours * flavorMebibytes;
        }
        var begin = (decimal)start.ToUnixTimeMilliseconds();
        var counted = Math.Max(begin, launched.ToUnixTimeMilliseconds());
        var to = counted + (hours * MillisecondsPerHour);
        var from = Math.Max(begin, Math.Min(counted, timeline.Sizes[0].At));
        var total = 0m;
        for (var i = 0; i < timeline.Sizes.Count; i++)
        {
            // The first size was also the size before: Nova counts a server as launched a little before or after it was defined.
            var since = i == 0 ? from : Math.Max(from, timeline.Sizes[i].At);
            var until = i + 1 == timeline.Sizes.Count ? to : Math.Min(to, timeline.Sizes[i + 1].At);
            total += Math.Max(0, until - since) * timeline.Sizes[i].Mebibytes;
        }
        return total / MillisecondsPerHour;
    }
}
