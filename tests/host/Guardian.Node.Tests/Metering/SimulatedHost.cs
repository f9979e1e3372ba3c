using Guardian.ComputeHost.Guests;
using Guardian.Metering;
using Guardian.Node.Metering;

namespace Guardian.Node.Tests.Metering;

/// <summary>
/// A host on which a test counts each second: guests run, the meter scans, dies and comes back, the clock is set, the power fails. The test
/// computes the due amount by brute force, and compares it with the journal.
/// </summary>
internal sealed class SimulatedHost(string journal) : IDisposable
{
    private readonly Dictionary<Guid, SimulatedGuest> guests = [];
    private Meter? meter;
    private Guid boot = Guid.NewGuid();
    private long uptime = 1_000_000;
    private long offset = 1_700_000_000_000;

    // The calendar as the meter knows it, and the uptime of its last record.
    private long knownOffset = 1_700_000_000_000;
    private long lastRecord;
    private bool hasLostEvent;

    /// <summary>The due amount by instance and second of the calendar, in MiB times milliseconds.</summary>
    public Dictionary<(Guid Instance, long Second), long> Due { get; } = [];

    public IReadOnlyList<JournalRecord> Records => [.. Journal.Read(journal, DateTimeOffset.MinValue)];

    private ClockReading Now => new(boot, uptime, uptime + offset);

    public void StartMeter()
    {
        meter ??= new Meter(journal, () => Now, _ => { });
        Scan();
    }

    public void KillMeter(bool tornLine)
    {
        if (meter is null)
        {
            return;
        }
        Scan();
        meter.Dispose();
        meter = null;
        if (tornLine)
        {
            File.AppendAllText(journal, "0123456789abcdef {\"kind\":\"Started\",\"bo");
        }
    }

    public void Define(Guid instance, long mebibytes)
    {
        if (meter is null)
        {
            return;
        }
        var guest = guests.TryGetValue(instance, out var known) ? known : guests[instance] = new SimulatedGuest();
        if (guest.StartedAt is null)
        {
            ScanAfterLoss(isEventLost: false);
            meter.RecordDefined(new MeteredGuest(instance, mebibytes, "project", "flavor"));
            // A definition that changes nothing leaves no record.
            lastRecord = guest.Mebibytes == mebibytes ? lastRecord : uptime;
            guest.Mebibytes = mebibytes;
        }
    }

    public void Start(Guid instance, bool isEventLost)
    {
        if (guests.TryGetValue(instance, out var guest) && guest.StartedAt is null)
        {
            ScanAfterLoss(isEventLost);
            guest.StartedAt = uptime;
            guest.IsKnown = meter is not null && !isEventLost;
            if (meter is not null && !isEventLost)
            {
                meter.RecordStarted(instance);
                lastRecord = uptime;
            }
        }
    }

    public void Stop(Guid instance, bool isEventLost)
    {
        if (guests.TryGetValue(instance, out var guest) && guest.StartedAt is not null)
        {
            ScanAfterLoss(isEventLost);
            if (isEventLost && meter is not null && guest.IsKnown)
            {
                guest.HasEndedUnseen = true;
            }
            else if (meter is null || !guest.IsKnown)
            {
                // The meter notices only afterwards that the guest is gone, and counts to its last scan; or it never saw the guest.
                guest.Unseen.Clear();
            }
            else
            {
                CountUnseen(instance, guest);
                meter.RecordStopped(instance);
                lastRecord = uptime;
            }
            guest.StartedAt = null;
        }
    }

    public void Second()
    {
        foreach (var (instance, guest) in guests.Where(guest => guest.Value.StartedAt is not null))
        {
            guest.Unseen.Add((uptime, guest.Mebibytes));
        }
        uptime += 1000;
    }

    /// <summary>The meter scans, as it does every few seconds.</summary>
    public void Scan()
    {
        if (meter is null)
        {
            return;
        }
        meter.Reconcile(Now, [.. guests.Where(guest => guest.Value.StartedAt is not null)
            .Select(guest => new GuestProcess(guest.Key, 1, guest.Value.Mebibytes, guest.Value.StartedAt!.Value))]);
        foreach (var (instance, guest) in guests)
        {
            if (guest.HasEndedUnseen)
            {
                guest.Unseen.Clear();
                guest.HasEndedUnseen = false;
            }
            CountUnseen(instance, guest);
            guest.IsKnown = true;
        }
        knownOffset = offset;
    }

    /// <summary>Sets the calendar clock. The meter scans before and after it; otherwise the time of the step would not be known.</summary>
    public void SetClock(long milliseconds)
    {
        if (meter is not null)
        {
            Scan();
            offset += milliseconds;
            Scan();
        }
    }

    public void Reboot()
    {
        foreach (var (instance, guest) in guests)
        {
            // The disk shows until when the host was up. No event reported the end of the guests that the meter knew.
            guest.Unseen.RemoveAll(unseen => !guest.IsKnown || unseen.Uptime >= lastRecord);
            CountUnseen(instance, guest);
            guest.StartedAt = null;
            guest.HasEndedUnseen = false;
        }
        meter?.Dispose();
        meter = null;
        (boot, offset, uptime) = (Guid.NewGuid(), offset + uptime + 60_000, 5_000);
        (knownOffset, lastRecord) = (offset, 0);
    }

    public void Dispose() => meter?.Dispose();

    // Events are lost while the connection to libvirt is broken. After it is restored, the meter scans before the next event.
    private void ScanAfterLoss(bool isEventLost)
    {
        if (hasLostEvent)
        {
            Scan();
        }
        hasLostEvent = isEventLost;
    }

    private void CountUnseen(Guid instance, SimulatedGuest guest)
    {
        foreach (var (at, mebibytes) in guest.Unseen)
        {
            var second = (at + knownOffset) / 1000;
            Due[(instance, second)] = Due.GetValueOrDefault((instance, second)) + (mebibytes * 1000);
        }
        guest.Unseen.Clear();
    }

    private sealed class SimulatedGuest
    {
        public long Mebibytes { get; set; }

        public long? StartedAt { get; set; }

        public bool IsKnown { get; set; }

        public bool HasEndedUnseen { get; set; }

        public List<(long Uptime, long Mebibytes)> Unseen { get; } = [];
    }
}
