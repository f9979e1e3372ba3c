using Guardian.ComputeHost.Guests;
using Guardian.Metering;
using Guardian.Node.Metrics;
using Guardian.Refusals;

namespace Guardian.Node.Metering;

/// <summary>
/// Writes the journal of guests with EPC. Events arrive at once; a scan of the host's processes every few seconds adds the events that were
/// lost, or that happened while the meter was away.
/// </summary>
/// <remarks>Thread-safe. Recording does not throw.</remarks>
internal sealed class Meter : IDisposable
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
    /// <param name="clock">Reads the host's clocks.</param>
    /// <param name="log">Receives a line when the disk fails; nothing is lost while the meter lives.</param>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>.</exception>
    /// <exception cref="IOException">The disk failed, or another meter has the journal open.</exception>
    public Meter(string path, Func<ClockReading> clock, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(clock);
        (journal, this.clock, this.log) = (Journal.Open(path, Apply), clock, log);
        var now = clock();
        seen = journal.LastAlive is { } last && last.Boot == now.Boot ? last : now;
        foreach (var guest in guests.Values)
        {
            guest.EnterBoot(now.Boot);
        }
    }

    /// <summary>The number of records that wait for the disk.</summary>
    public int Backlog
    {
        get
        {
            lock (gate)
            {
                return pending.Count;
            }
        }
    }

    /// <summary>Records that a definition was accepted: from now on the guest has this EPC, running or not.</summary>
    public void RecordDefined(MeteredGuest defined)
    {
        lock (gate)
        {
            // After each loss of libvirt all definitions are read again, so most are known already.
            var isNew = guests.TryGetValue(defined.Instance, out var guest) ? guest.Differs(defined) : defined.Mebibytes > 0;
            if (isNew)
            {
                Write(JournalRecord.At(
                    clock(), JournalKind.Defined, defined.Instance, defined.Mebibytes, defined.Project, defined.Flavor));
            }
        }
    }

    /// <summary>Records that a guest's QEMU runs. A guest that was never defined here with EPC is ignored.</summary>
    public void RecordStarted(Guid instance)
    {
        lock (gate)
        {
            if (guests.TryGetValue(instance, out var guest) && guest.Mebibytes > 0)
            {
                var now = clock();
                // Nothing starts twice, so the event of its end was lost.
                JournalRecord[] lost = guest.RunningSince is { } since ? [MakeStopped(instance, since, now)] : [];
                Write([.. lost, JournalRecord.At(now, JournalKind.Started, instance)]);
            }
        }
    }

    /// <summary>Records that a guest's QEMU has ended, for any reason.</summary>
    public void RecordStopped(Guid instance)
    {
        lock (gate)
        {
            if (guests.TryGetValue(instance, out var guest) && guest.RunningSince is not null)
            {
                Write(JournalRecord.At(clock(), JournalKind.Stopped, instance));
            }
        }
    }

    /// <summary>
    /// Records that a definition is gone: the guest was deleted or moved away, or is about to be defined again. While its QEMU runs the
    /// guest is not gone: Nova takes its definition away to copy its disk.
    /// </summary>
    public void RecordRemoved(Guid instance)
    {
        lock (gate)
        {
            if (guests.TryGetValue(instance, out var guest) && guest.RunningSince is null)
            {
                Write(JournalRecord.At(clock(), JournalKind.Removed, instance));
            }
        }
    }

    /// <summary>Compares the known guests with a scan of processes, and notes that the meter is alive.</summary>
    /// <param name="at">The clocks just before the scan.</param>
    /// <param name="running">All QEMUs with EPC.</param>
    public void Reconcile(ClockReading at, IReadOnlyCollection<GuestProcess> running)
    {
        lock (gate)
        {
            var found = new List<JournalRecord>();
            var alive = running.ToDictionary(process => process.Instance);
            foreach (var (instance, guest) in guests)
            {
                // A guest that started after the scan is not missing.
                if (guest.RunningSince is { } since && since <= at.Uptime
                    && (!alive.TryGetValue(instance, out var process) || process.StartedAt > since))
                {
                    found.Add(MakeStopped(instance, since, at));
                    if (guest is { Project: null, Flavor: null })
                    {
                        // Only its process is known, so no event will report that its definition is gone.
                        found.Add(found[^1] with { Kind = JournalKind.Removed });
                    }
                }
            }
            Write([.. found]);
            found.Clear();
            foreach (var process in running)
            {
                var guest = guests.GetValueOrDefault(process.Instance);
                // A process that ended between the scan and now has been recorded already.
                if (guest?.RunningSince is null && process.StartedAt >= (guest?.LastChange ?? 0))
                {
                    var started = ReadPast(process.StartedAt, at);
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

    /// <summary>Records the removal of guests whose event of removal was lost.</summary>
    /// <param name="defined">All guests that libvirt has.</param>
    public void RemoveUndefined(IReadOnlySet<Guid> defined)
    {
        lock (gate)
        {
            var now = clock();
            Write([.. guests.Where(guest => guest.Value.RunningSince is null && !defined.Contains(guest.Key))
                .Select(guest => JournalRecord.At(now, JournalKind.Removed, guest.Key))]);
        }
    }

    /// <summary>Lists the guests that are defined here with EPC, for monitoring; their mapped EPC is left 0.</summary>
    public IReadOnlyList<GuestMetrics> ListGuests()
    {
        lock (gate)
        {
            return [.. guests.Where(guest => guest.Value.Mebibytes > 0).Select(guest => new GuestMetrics(
                guest.Key, guest.Value.Project, guest.Value.Flavor, guest.Value.Mebibytes, Mapped: 0))];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    // The guest's exact end is not known: it counts for as long as it was seen.
    private JournalRecord MakeStopped(Guid instance, long since, ClockReading now) =>
        JournalRecord.At(since > seen.Uptime ? ReadPast(since, now) : seen, JournalKind.Stopped, instance);

    // The clocks at an uptime in the past, computed from the last reading after it.
    private ClockReading ReadPast(long uptime, ClockReading now)
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
            Apply(record);
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

    private void Apply(JournalRecord record)
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
                guest.Mebibytes = record.Mebibytes;
                guest.Project = record.Project ?? guest.Project;
                guest.Flavor = record.Flavor ?? guest.Flavor;
                break;
            case JournalKind.Started:
                guest.RunningSince ??= record.Uptime;
                break;
            case JournalKind.Stopped:
                (guest.RunningSince, guest.LastChange) = (null, record.Uptime);
                break;
            case JournalKind.Removed when guest.RunningSince is null:
                // Otherwise the guests of years would stay in memory.
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

        /// <summary>Whether a definition changes anything; an absent project or flavor does not.</summary>
        public bool Differs(MeteredGuest defined) =>
            (Mebibytes, Project, Flavor) != (defined.Mebibytes, defined.Project ?? Project, defined.Flavor ?? Flavor);

        // No guest runs on through a boot of the host, and uptimes begin again.
        public void EnterBoot(Guid now)
        {
            if (boot != now)
            {
                (boot, RunningSince, LastChange) = (now, null, 0);
            }
        }
    }
}
