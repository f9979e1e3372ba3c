namespace Guardian.Node.Metering;

/// <summary>A time during which an amount of EPC was held, on the calendar that the host's clock showed then.</summary>
/// <param name="Start">Milliseconds since 1970, UTC.</param>
/// <param name="End">Not included.</param>
public readonly record struct EpcInterval(long Start, long End, long Mebibytes);

/// <summary>From this instant on an instance has this much EPC.</summary>
/// <param name="At">Milliseconds since 1970, UTC.</param>
public readonly record struct EpcSize(long At, long Mebibytes);

/// <summary>A time on the same calendar as that of <see cref="EpcInterval"/>.</summary>
/// <param name="Start">Milliseconds since 1970, UTC.</param>
/// <param name="End">Not included; <see cref="long.MaxValue"/> when it has not ended.</param>
public readonly record struct Period(long Start, long End);

/// <summary>What journals say of one instance.</summary>
/// <param name="Sizes">In the order of time; a resize adds one.</param>
/// <param name="Running">When its QEMU ran, and with how much.</param>
/// <param name="Stays">When a host had its definition, running or stopped; in the order of time, and none touches the next.</param>
public sealed record InstanceTimeline(
    Guid Instance, string? Project, string? Flavor, IReadOnlyList<EpcSize> Sizes, IReadOnlyList<EpcInterval> Running, IReadOnlyList<Period> Stays);

/// <summary>
/// Makes time out of records. Durations are measured by the clock that never steps, and each moment belongs to the date that the calendar clock showed
/// then: when it is set back, an hour counts twice, as the guest ran two hours; when it is set forward, the hour that never was counts nothing.
/// </summary>
public static class Timeline
{
    // Slower corrections of the calendar clock than this are no steps, and need no new piece.
    private const long StepMilliseconds = 1000;

    /// <summary>What one journal says of each instance.</summary>
    /// <param name="records">A host's records, in the order they were written.</param>
    public static IReadOnlyDictionary<Guid, InstanceTimeline> Build(IEnumerable<JournalRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var builder = new Builder();
        // What a meter found out after it was away is written later than it happened.
        foreach (var boot in Boots(records))
        {
            foreach (var record in boot.OrderBy(record => record.Uptime))
            {
                builder.Add(record);
            }
        }
        return builder.End();
    }

    /// <summary>What the journals of several hosts say together: an instance may have moved.</summary>
    public static IReadOnlyDictionary<Guid, InstanceTimeline> Merge(IEnumerable<IReadOnlyDictionary<Guid, InstanceTimeline>> hosts) => hosts
        .SelectMany(host => host.Values)
        .GroupBy(timeline => timeline.Instance)
        .ToDictionary(group => group.Key, group => new InstanceTimeline(
            group.Key, group.Select(part => part.Project).LastOrDefault(project => project is not null), group.Select(part => part.Flavor).LastOrDefault(flavor => flavor is not null),
            [.. group.SelectMany(part => part.Sizes).OrderBy(size => size.At)], [.. group.SelectMany(part => part.Running).OrderBy(interval => interval.Start)],
            Join(group.SelectMany(part => part.Stays))));

    // A stay that begins while another lasts, on another host or after the clock was set back, makes it longer.
    private static List<Period> Join(IEnumerable<Period> stays)
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

    private static IEnumerable<List<JournalRecord>> Boots(IEnumerable<JournalRecord> records)
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
                // Whatever ran before the host went down ended when it was last seen.
                Close(last);
                offset = record.Wall - record.Uptime;
                isFirst = false;
            }
            else if (Math.Abs(record.Wall - record.Uptime - offset) >= StepMilliseconds)
            {
                Split(record.Uptime);
                offset = record.Wall - record.Uptime;
            }
            last = record.Clock;
            if (record.Instance is { } id)
            {
                Apply(record, instances.TryGetValue(id, out var known) ? known : instances[id] = new Instance());
            }
        }

        public Dictionary<Guid, InstanceTimeline> End()
        {
            Close(last);
            return instances.ToDictionary(
                instance => instance.Key,
                instance => new InstanceTimeline(
                    instance.Key, instance.Value.Project, instance.Value.Flavor, instance.Value.Sizes, instance.Value.Running,
                    Join(instance.Value.StaySince is { } since ? [.. instance.Value.Stays, new Period(since, long.MaxValue)] : instance.Value.Stays)));
        }

        private void Apply(JournalRecord record, Instance instance)
        {
            switch (record.Kind)
            {
                case JournalKind.Defined:
                    // A running guest keeps the EPC it started with.
                    Resize(instance.Sizes, new EpcSize(record.Uptime + offset, record.Mebibytes));
                    (instance.Mebibytes, instance.Project, instance.Flavor) = (record.Mebibytes, record.Project ?? instance.Project, record.Flavor ?? instance.Flavor);
                    instance.StaySince ??= record.Uptime + offset;
                    break;
                case JournalKind.Started when instance.RunningSince is null:
                    (instance.RunningSince, instance.RunningMebibytes) = (record.Uptime, instance.Mebibytes);
                    break;
                case JournalKind.Stopped:
                    Emit(instance, record.Uptime);
                    instance.RunningSince = null;
                    break;
                case JournalKind.Removed when instance.StaySince is { } since:
                    instance.Stays.Add(new Period(since, Math.Max(since, record.Uptime + offset)));
                    instance.StaySince = null;
                    break;
                default:
                    break;
            }
        }

        // Where the clock was set back, what is known later wins: sizes stay in the order of time.
        private static void Resize(List<EpcSize> sizes, EpcSize size)
        {
            sizes.RemoveAll(known => known.At >= size.At);
            if (sizes is [] || sizes[^1].Mebibytes != size.Mebibytes)
            {
                sizes.Add(size);
            }
        }

        private void Close(ClockReading end)
        {
            Split(end.Uptime);
            foreach (var instance in instances.Values)
            {
                instance.RunningSince = null;
            }
        }

        private void Split(long uptime)
        {
            foreach (var instance in instances.Values.Where(instance => instance.RunningSince is not null))
            {
                Emit(instance, uptime);
                instance.RunningSince = uptime;
            }
        }

        private void Emit(Instance instance, long uptime)
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

        // On the calendar, unlike what follows: a definition outlives the host's start.
        public long? StaySince { get; set; }

        public string? Project { get; set; }

        public string? Flavor { get; set; }

        public long Mebibytes { get; set; }

        public long? RunningSince { get; set; }

        public long RunningMebibytes { get; set; }
    }
}
