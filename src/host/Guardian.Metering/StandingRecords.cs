namespace Guardian.Metering;

/// <summary>
/// The records of a journal that still have an effect: the present size of each guest, what runs since when, and the steps of the calendar
/// clock since then. All others tell of times that are over.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class StandingRecords
{
    private readonly Dictionary<Guid, List<(long Order, JournalRecord Record)>> guests = [];
    private readonly List<(long Order, JournalRecord Record)> steps = [];
    private ClockReading? last;
    private long order;

    /// <summary>Adds the next record.</summary>
    public void Add(JournalRecord record)
    {
        if (last is { } known && known.Boot != record.Boot)
        {
            EnterBoot();
        }
        else if (last is { } before && Math.Abs(record.Wall - record.Uptime - (before.Wall - before.Uptime)) >= Timeline.StepMilliseconds)
        {
            steps.Add((++order, JournalRecord.At(record.Clock, JournalKind.Alive)));
        }
        last = record.Clock;
        if (record.Instance is { } instance)
        {
            Apply(instance, record);
        }
    }

    /// <summary>Lists the records in the order in which they were written.</summary>
    public IEnumerable<JournalRecord> List()
    {
        var since = guests.Values.Where(IsRunning).Select(records => records[0].Order).DefaultIfEmpty(long.MaxValue).Min();
        return guests.Values.SelectMany(records => records).Concat(steps.Where(step => step.Order > since))
            .OrderBy(entry => entry.Order).Select(entry => entry.Record);
    }

    // A running guest has the size with which it started, and that of a later definition.
    private void Apply(Guid instance, JournalRecord record)
    {
        var records = guests.TryGetValue(instance, out var known) ? known : guests[instance] = [];
        var started = records.FindIndex(entry => entry.Record.Kind == JournalKind.Started);
        switch (record.Kind)
        {
            case JournalKind.Defined:
                var former = records.FindLast(IsDefined).Record;
                var earlier = records.FindIndex(started + 1, IsDefined);
                if (earlier >= 0)
                {
                    records.RemoveAt(earlier);
                }
                records.Add((++order, record with
                {
                    Project = record.Project ?? former?.Project, Flavor = record.Flavor ?? former?.Flavor,
                }));
                break;
            case JournalKind.Started when started < 0:
                records.Add((++order, record));
                break;
            case JournalKind.Stopped:
                End(records);
                records.Add((++order, record));
                break;
            case JournalKind.Removed when started < 0:
                guests.Remove(instance);
                break;
            default:
                break;
        }
    }

    // No guest runs on through a boot of the host.
    private void EnterBoot()
    {
        steps.Clear();
        foreach (var records in guests.Values)
        {
            End(records);
        }
    }

    private static void End(List<(long Order, JournalRecord Record)> records)
    {
        var defined = records.FindLastIndex(IsDefined);
        records.RemoveRange(defined + 1, records.Count - defined - 1);
        records.RemoveRange(0, Math.Max(0, defined));
    }

    private static bool IsRunning(List<(long Order, JournalRecord Record)> records) =>
        records.Exists(entry => entry.Record.Kind == JournalKind.Started);

    private static bool IsDefined((long Order, JournalRecord Record) entry) => entry.Record.Kind == JournalKind.Defined;
}
