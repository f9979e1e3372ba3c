using Guardian.Node.Metering;
using Guardian.Node.Processes;

namespace Guardian.Node.Tests.Metering;

/// <summary>
/// A host whose seconds a test counts one by one: guests run, the meter looks on, dies and comes back, the clock is set, the power fails. What is due is
/// counted by brute force, and compared with what the journal says.
/// </summary>
internal sealed class SimulatedHost(string journal) : IDisposable
{
    private readonly Dictionary<Guid, SimulatedGuest> guests = [];
    private Meter? meter;
    private Guid boot = Guid.NewGuid();
    private long uptime = 1_000_000;
    private long offset = 1_700_000_000_000;

    // What the meter knows the calendar to be, and until when it has looked.
    private long knownOffset = 1_700_000_000_000;
    private long lastRecord;
    private bool hasLostEvent;

    /// <summary>By instance and second of the calendar: MiB times milliseconds that are due.</summary>
    public Dictionary<(Guid Instance, long Second), long> Due { get; } = [];

    public IReadOnlyList<JournalRecord> Records => Journal.Read(journal);

    private ClockReading Now => new(boot, uptime, uptime + offset);

    public void StartMeter()
    {
        meter ??= new Meter(journal, () => Now, _ => { });
        Look();
    }

    public void KillMeter(bool tornLine)
    {
        if (meter is null)
        {
            return;
        }
        Look();
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
            LookAfterLoss(isEventLost: false);
            meter.Defined(instance, mebibytes, "project", "flavor");
            // The same as before is no news and leaves no record.
            lastRecord = guest.Mebibytes == mebibytes ? lastRecord : uptime;
            guest.Mebibytes = mebibytes;
        }
    }

    public void Start(Guid instance, bool isEventLost)
    {
        if (guests.TryGetValue(instance, out var guest) && guest.StartedAt is null)
        {
            LookAfterLoss(isEventLost);
            guest.StartedAt = uptime;
            guest.IsKnown = meter is not null && !isEventLost;
            if (meter is not null && !isEventLost)
            {
                meter.Started(instance);
                lastRecord = uptime;
            }
        }
    }

    public void Stop(Guid instance, bool isEventLost)
    {
        if (guests.TryGetValue(instance, out var guest) && guest.StartedAt is not null)
        {
            LookAfterLoss(isEventLost);
            if (isEventLost && meter is not null && guest.IsKnown)
            {
                guest.HasEndedUnseen = true;
            }
            else if (meter is null || !guest.IsKnown)
            {
                // The meter sees only afterwards that it is gone, and counts to its last look; or it never saw it.
                guest.Unseen.Clear();
            }
            else
            {
                Settle(instance, guest);
                meter.Stopped(instance);
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

    /// <summary>The meter looks, which it does every few seconds.</summary>
    public void Look()
    {
        if (meter is null)
        {
            return;
        }
        meter.Reconcile(Now, [.. guests.Where(guest => guest.Value.StartedAt is not null).Select(guest => new GuestProcess(guest.Key, 1, guest.Value.Mebibytes, guest.Value.StartedAt!.Value))]);
        foreach (var (instance, guest) in guests)
        {
            if (guest.HasEndedUnseen)
            {
                guest.Unseen.Clear();
                guest.HasEndedUnseen = false;
            }
            Settle(instance, guest);
            guest.IsKnown = true;
        }
        knownOffset = offset;
    }

    /// <summary>Sets the calendar clock; the meter looks before and after, for only then it is known when it was set.</summary>
    public void SetClock(long milliseconds)
    {
        if (meter is not null)
        {
            Look();
            offset += milliseconds;
            Look();
        }
    }

    public void Reboot()
    {
        foreach (var (instance, guest) in guests)
        {
            // What is on disk shows until when the host was up; of guests that the meter knew, nobody said that they had ended.
            guest.Unseen.RemoveAll(unseen => !guest.IsKnown || unseen.Uptime >= lastRecord);
            Settle(instance, guest);
            guest.StartedAt = null;
            guest.HasEndedUnseen = false;
        }
        meter?.Dispose();
        meter = null;
        (boot, offset, uptime) = (Guid.NewGuid(), offset + uptime + 60_000, 5_000);
        (knownOffset, lastRecord) = (offset, 0);
    }

    public void Dispose() => meter?.Dispose();

    // Events are lost while the way to libvirt is broken; when it is whole again, the meter looks before it hears the next one.
    private void LookAfterLoss(bool isEventLost)
    {
        if (hasLostEvent)
        {
            Look();
        }
        hasLostEvent = isEventLost;
    }

    private void Settle(Guid instance, SimulatedGuest guest)
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
