namespace Guardian.Metering;

/// <summary>A time for which an amount of EPC was held, on the calendar that the host's clock showed at the time.</summary>
/// <param name="Start">Milliseconds since 1970, UTC.</param>
/// <param name="End">Milliseconds since 1970, UTC; not included.</param>
/// <param name="Mebibytes">The amount in MiB.</param>
public readonly record struct EpcInterval(long Start, long End, long Mebibytes);

/// <summary>The EPC that a server has from an instant on.</summary>
/// <param name="At">Milliseconds since 1970, UTC.</param>
/// <param name="Mebibytes">The amount in MiB.</param>
public readonly record struct EpcSize(long At, long Mebibytes);

/// <summary>A time on the same calendar as <see cref="EpcInterval"/>.</summary>
/// <param name="Start">Milliseconds since 1970, UTC.</param>
/// <param name="End">Milliseconds since 1970, UTC, not included; <see cref="long.MaxValue"/> when it has not ended.</param>
public readonly record struct Period(long Start, long End);

/// <summary>The history of one server in the journals.</summary>
/// <param name="Instance">The server.</param>
/// <param name="Project">The project that pays; null when it is not known.</param>
/// <param name="Flavor">The flavor's name; null when it is not known.</param>
/// <param name="Sizes">Its sizes in the order of time; a resize adds one.</param>
/// <param name="Running">The times for which its QEMU ran, with the EPC that it had.</param>
/// <param name="Stays">The times for which a host had its definition, running or stopped; in order, and none touches the next.</param>
public sealed record InstanceTimeline(
    Guid Instance, string? Project, string? Flavor,
    IReadOnlyList<EpcSize> Sizes, IReadOnlyList<EpcInterval> Running, IReadOnlyList<Period> Stays);

/// <summary>
/// Turns records into times. The clock that never steps measures durations, and the calendar clock gives each moment its date. If
/// somebody sets the calendar clock back by an hour, that hour counts twice, because the guest ran for two hours. If somebody sets it
/// forward, the skipped hour counts nothing.
/// </summary>
public static class Timeline
{
    // Smaller corrections of the calendar clock are not steps, and need no new interval.
    internal const long StepMilliseconds = 1000;

    /// <summary>Builds the history of each server from one journal.</summary>
    /// <param name="records">One host's records, in the order in which they were written.</param>
    public static IReadOnlyDictionary<Guid, InstanceTimeline> Build(IEnumerable<JournalRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var builder = new Builder();
        // A meter that was away writes the events that it missed later than they happened.
        foreach (var boot in SplitByBoot(records))
        {
            foreach (var record in boot.OrderBy(record => record.Uptime))
            {
                builder.Add(record);
            }
        }
        return builder.Build();
    }

    /// <summary>Merges the histories of several hosts: a server may have moved between them.</summary>
    public static IReadOnlyDictionary<Guid, InstanceTimeline> Merge(IEnumerable<IReadOnlyDictionary<Guid, InstanceTimeline>> hosts) => hosts
        .SelectMany(host => host.Values)
        .GroupBy(timeline => timeline.Instance)
        .ToDictionary(group => group.Key, group => new InstanceTimeline(
            group.Key,
            group.Select(part => part.Project).LastOrDefault(project => project is not null),
            group.Select(part => part.Flavor).LastOrDefault(flavor => flavor is not null),
            [.. group.SelectMany(part => part.Sizes).OrderBy(size => size.At)],
            [.. group.SelectMany(part => part.Running).OrderBy(interval => interval.Start)],
            JoinOverlapping(group.SelectMany(part => part.Stays))));

    // Stays overlap when two hosts have the server, or when the clock was set back; overlapping stays become one.
    private static List<Period> JoinOverlapping(IEnumerable<Period> stays)
    {
        var joined = new List<Period>();
        foreach (var stay in stays.OrderBy(stay => stay.Start))
        {
            if (joined is [.., var last] && stay.Start <= last.End)
            {
                joined[^1] = last with { End = Math.Max(last.End, stay.End) };
            }
            else
            {
                joined.Add(stay);
            }
        }
        return joined;
    }

    private static IEnumerable<List<JournalRecord>> SplitByBoot(IEnumerable<JournalRecord> records)
    {
        var boot = new List<JournalRecord>();
        foreach (var record in records)
        {
            if (boot.Count > 0 && boot[0].Boot != record.Boot)
            {
                yield return boot;
                boot = [];
            }
            boot.Add(record);
        }
        yield return boot;
    }

    private sealed class Builder
    {
        private readonly Dictionary<Guid, Instance> instances = [];
        private ClockReading last;
        private long offset;
        private bool isFirst = true;

        public void Add(JournalRecord record)
        {
            if (isFirst || record.Boot != last.Boot)
            {
                // A guest that ran when the host went down counts until it was last seen.
                CloseIntervals(last);
                offset = record.Wall - record.Uptime;
                isFirst = false;
            }
            else if (Math.Abs(record.Wall - record.Uptime - offset) >= StepMilliseconds)
            {
                SplitIntervals(record.Uptime);
                offset = record.Wall - record.Uptime;
            }
            last = record.Clock;
            if (record.Instance is { } id)
            {
                Apply(record, instances.TryGetValue(id, out var known) ? known : instances[id] = new Instance());
            }
        }

        public Dictionary<Guid, InstanceTimeline> Build()
        {
            CloseIntervals(last);
            return instances.ToDictionary(
                instance => instance.Key,
                instance => new InstanceTimeline(
                    instance.Key, instance.Value.Project, instance.Value.Flavor, instance.Value.Sizes, instance.Value.Running,
                    JoinOverlapping(instance.Value.ListStays())));
        }

        private void Apply(JournalRecord record, Instance instance)
        {
            switch (record.Kind)
            {
                case JournalKind.Defined:
                    // A running guest keeps the EPC it started with.
                    AddSize(instance.Sizes, new EpcSize(record.Uptime + offset, record.Mebibytes));
                    instance.Mebibytes = record.Mebibytes;
                    instance.Project = record.Project ?? instance.Project;
                    instance.Flavor = record.Flavor ?? instance.Flavor;
                    instance.StaySince ??= record.Uptime + offset;
                    break;
                case JournalKind.Started when instance.RunningSince is null:
                    (instance.RunningSince, instance.RunningMebibytes) = (record.Uptime, instance.Mebibytes);
                    break;
                case JournalKind.Stopped:
                    AddInterval(instance, record.Uptime);
                    instance.RunningSince = null;
                    break;
                // Earlier releases also recorded that a running guest's definition was away, while Nova copied its disk.
                case JournalKind.Removed when instance is { StaySince: { } since, RunningSince: null }:
                    instance.Stays.Add(new Period(since, Math.Max(since, record.Uptime + offset)));
                    instance.StaySince = null;
                    break;
                default:
                    break;
            }
        }

        // After the clock was set back, the later record wins, so that sizes stay in the order of time.
        private static void AddSize(List<EpcSize> sizes, EpcSize size)
        {
            sizes.RemoveAll(known => known.At >= size.At);
            if (sizes is [] || sizes[^1].Mebibytes != size.Mebibytes)
            {
                sizes.Add(size);
            }
        }

        private void CloseIntervals(ClockReading end)
        {
            SplitIntervals(end.Uptime);
            foreach (var instance in instances.Values)
            {
                instance.RunningSince = null;
            }
        }

        private void SplitIntervals(long uptime)
        {
            foreach (var instance in instances.Values.Where(instance => instance.RunningSince is not null))
            {
                AddInterval(instance, uptime);
                instance.RunningSince = uptime;
            }
        }

        private void AddInterval(Instance instance, long uptime)
        {
            if (instance.RunningSince is { } since && uptime > since && instance.RunningMebibytes > 0)
            {
                instance.Running.Add(new EpcInterval(since + offset, uptime + offset, instance.RunningMebibytes));
            }
        }
    }

    private sealed class Instance
    {
        public List<EpcSize> Sizes { get; } = [];

        public List<EpcInterval> Running { get; } = [];

        public List<Period> Stays { get; } = [];

        // On the calendar, because a definition outlives a boot; RunningSince is an uptime.
        public long? StaySince { get; set; }

        public string? Project { get; set; }

        public string? Flavor { get; set; }

        public long Mebibytes { get; set; }

        public long? RunningSince { get; set; }

        public long RunningMebibytes { get; set; }

        public IEnumerable<Period> ListStays() => StaySince is { } since ? Stays.Append(new Period(since, long.MaxValue)) : Stays;
    }
}
