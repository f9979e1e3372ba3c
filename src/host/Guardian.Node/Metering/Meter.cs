using Guardian.Node.Metrics;
using Guardian.Node.Processes;

namespace Guardian.Node.Metering;

/// <summary>
/// Writes the journal: what the relay tells at once, and what a look at the host's processes shows every few seconds, so that nothing is lost when
/// an event is, or when the meter itself was away. Thread-safe.
/// </summary>
public sealed class Meter : IGuestEvents, IDisposable
{
    private const long StepMilliseconds = 1000;

    private readonly Lock gate = new();
    private readonly Journal journal;
    private readonly Func<ClockReading> clock;
    private readonly Action<string> log;
    private readonly Dictionary<Guid, Guest> guests = [];
    private readonly List<JournalRecord> pending = [];
    private ClockReading seen;

    /// <param name="path">The journal.</param>
    /// <param name="log">Is told when the disk fails; nothing is lost as long as the meter lives.</param>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    /// <exception cref="IOException">The disk failed, or another meter has the journal open.</exception>
    public Meter(string path, Func<ClockReading> clock, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(clock);
        (journal, this.clock, this.log) = (Journal.Open(path), clock, log);
        var now = clock();
        foreach (var record in journal.Records)
        {
            Remember(record);
        }
        seen = journal.LastAlive is { } last && last.Boot == now.Boot ? last : now;
        foreach (var guest in guests.Values)
        {
            guest.EnterBoot(now.Boot);
        }
    }

    /// <inheritdoc/>
    public void Defined(Guid instance, long mebibytes, string? project, string? flavor)
    {
        lock (gate)
        {
            // The same again is no news: definitions are read anew after each loss of libvirt.
            if (guests.TryGetValue(instance, out var guest) ? (guest.Mebibytes, guest.Project, guest.Flavor) != (mebibytes, project ?? guest.Project, flavor ?? guest.Flavor) : mebibytes > 0)
            {
                Write(JournalRecord.At(clock(), JournalKind.Defined, instance, mebibytes, project, flavor));
            }
        }
    }

    /// <inheritdoc/>
    public void Started(Guid instance)
    {
        lock (gate)
        {
            if (guests.TryGetValue(instance, out var guest) && guest.Mebibytes > 0)
            {
                var now = clock();
                // Nothing starts twice: that it ended has escaped us.
                JournalRecord[] lost = guest.RunningSince is { } since ? [LastSeen(instance, since, now)] : [];
                Write([.. lost, JournalRecord.At(now, JournalKind.Started, instance)]);
            }
        }
    }

    /// <inheritdoc/>
    public void Stopped(Guid instance)
    {
        lock (gate)
        {
            if (guests.TryGetValue(instance, out var guest) && guest.RunningSince is not null)
            {
                Write(JournalRecord.At(clock(), JournalKind.Stopped, instance));
            }
        }
    }

    /// <inheritdoc/>
    public void Removed(Guid instance)
    {
        lock (gate)
        {
            if (guests.ContainsKey(instance))
            {
                Write(JournalRecord.At(clock(), JournalKind.Removed, instance));
            }
        }
    }

    /// <summary>Compares what is known with what runs, and notes that the meter is alive.</summary>
    /// <param name="at">The clocks just before the look at the processes.</param>
    /// <param name="running">All QEMUs with EPC.</param>
    public void Reconcile(ClockReading at, IReadOnlyCollection<GuestProcess> running)
    {
        lock (gate)
        {
            var found = new List<JournalRecord>();
            var alive = running.ToDictionary(process => process.Instance);
            foreach (var (instance, guest) in guests)
            {
                // A guest that started after the look is not missing.
                if (guest.RunningSince is { } since && since <= at.Uptime && (!alive.TryGetValue(instance, out var process) || process.StartedAt > since))
                {
                    found.Add(LastSeen(instance, since, at));
                    if (guest is { Project: null, Flavor: null })
                    {
                        // Known by its process only: no definition will ever be told to be gone.
                        found.Add(found[^1] with { Kind = JournalKind.Removed });
                    }
                }
            }
            Write([.. found]);
            found.Clear();
            foreach (var process in running)
            {
                var guest = guests.GetValueOrDefault(process.Instance);
                // A process that ended between the look and now is no news.
                if (guest?.RunningSince is null && process.StartedAt >= (guest?.LastChange ?? 0))
                {
                    var started = Dated(process.StartedAt, at);
                    if (guest is null || guest.Mebibytes != process.Mebibytes)
                    {
                        found.Add(JournalRecord.At(started, JournalKind.Defined, process.Instance, process.Mebibytes));
                    }
                    found.Add(JournalRecord.At(started, JournalKind.Started, process.Instance));
                }
            }
            Write([.. found]);
            NoteAlive(at);
        }
    }

    /// <summary>Removes guests whose definition went away while nobody told.</summary>
    /// <param name="defined">All guests that libvirt has.</param>
    public void Keep(IReadOnlySet<Guid> defined)
    {
        lock (gate)
        {
            var now = clock();
            Write([.. guests.Where(guest => guest.Value.RunningSince is null && !defined.Contains(guest.Key)).Select(guest => JournalRecord.At(now, JournalKind.Removed, guest.Key))]);
        }
    }

    /// <summary>The guests that are defined here with EPC, for monitoring; what they have mapped is not filled in.</summary>
    public IReadOnlyList<GuestMetrics> Guests()
    {
        lock (gate)
        {
            return [.. guests.Where(guest => guest.Value.Mebibytes > 0).Select(guest => new GuestMetrics(guest.Key, guest.Value.Project, guest.Value.Flavor, guest.Value.Mebibytes, 0))];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    // When exactly a guest ended is not known: it is counted for as long as it was seen.
    private JournalRecord LastSeen(Guid instance, long since, ClockReading now) =>
        JournalRecord.At(since > seen.Uptime ? Dated(since, now) : seen, JournalKind.Stopped, instance);

    // The calendar clock at an uptime in the past: what it showed when it was last looked at, if it was then.
    private ClockReading Dated(long uptime, ClockReading now)
    {
        var reference = uptime <= seen.Uptime ? seen : now;
        return now with { Uptime = uptime, Wall = reference.Wall - reference.Uptime + uptime };
    }

    private void NoteAlive(ClockReading at)
    {
        var isStep = Math.Abs(at.Wall - at.Uptime - (seen.Wall - seen.Uptime)) >= StepMilliseconds;
        seen = at;
        if (isStep || pending.Count > 0)
        {
            Write(JournalRecord.At(at, JournalKind.Alive));
            return;
        }
        try
        {
            journal.NoteAlive(at);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"the journal cannot be written: {failure.Message}");
        }
    }

    private void Write(params JournalRecord[] records)
    {
        foreach (var record in records)
        {
            Remember(record);
            pending.Add(record);
        }
        if (pending.Count == 0)
        {
            return;
        }
        try
        {
            journal.Append(pending);
            pending.Clear();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"the journal cannot be written; {pending.Count} records wait: {failure.Message}");
        }
    }

    private void Remember(JournalRecord record)
    {
        if (record.Instance is not { } id)
        {
            return;
        }
        var guest = guests.TryGetValue(id, out var known) ? known : guests[id] = new Guest();
        guest.EnterBoot(record.Boot);
        switch (record.Kind)
        {
            case JournalKind.Defined:
                (guest.Mebibytes, guest.Project, guest.Flavor) = (record.Mebibytes, record.Project ?? guest.Project, record.Flavor ?? guest.Flavor);
                break;
            case JournalKind.Started:
                guest.RunningSince ??= record.Uptime;
                break;
            case JournalKind.Stopped:
                (guest.RunningSince, guest.LastChange) = (null, record.Uptime);
                break;
            case JournalKind.Removed when guest.RunningSince is null:
                // Years of guests that are gone need no place in memory.
                guests.Remove(id);
                break;
            default:
                break;
        }
    }

    private sealed class Guest
    {
        private Guid boot;

        public string? Project { get; set; }

        public string? Flavor { get; set; }

        public long Mebibytes { get; set; }

        public long? RunningSince { get; set; }

        public long LastChange { get; set; }

        // Nothing runs on through a start of the host, whose uptime begins anew.
        public void EnterBoot(Guid now)
        {
            if (boot != now)
            {
                (boot, RunningSince, LastChange) = (now, null, 0);
            }
        }
    }
}
