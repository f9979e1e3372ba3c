using System.Xml.Linq;
using Guardian.ComputeHost.Guests;
using Guardian.Libvirt;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Metering;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Metering;

/// <summary>
/// Reports guests to the meter. It listens to libvirt's lifecycle events on a connection of its own, so that it hears of every client's
/// actions. Every few seconds, and whenever it may have missed events, it scans the host's processes.
/// </summary>
internal sealed class GuestWatch(
    Meter meter, GuestProcesses processes, PassedDefinitions passed, KnownClaims known, Func<ClockReading> clock, string upstream,
    Action<string> log)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ScanInterval = TimeSpan.FromSeconds(10);

    /// <summary>Starts to listen and to scan, on threads of its own that end with the process.</summary>
    public void Start()
    {
        new Thread(ListenForever) { IsBackground = true, Name = "guest events" }.Start();
        new Thread(ScanForever) { IsBackground = true, Name = "guest processes" }.Start();
    }

    private void ListenForever()
    {
        var isDown = false;
        while (true)
        {
            try
            {
                Listen(onConnected: () =>
                {
                    if (isDown)
                    {
                        log("libvirt answers again; guests are metered by its events");
                        isDown = false;
                    }
                });
            }
            catch (RefusedException failure)
            {
                if (!isDown)
                {
                    log($"guests are metered by looking at processes only: {failure.Message}");
                    isDown = true;
                }
                Thread.Sleep(Pause);
            }
        }
    }

    private void Listen(Action onConnected)
    {
        using var events = LibvirtClient.Connect(upstream, LibvirtClient.SystemUri, AnswerLimit);
        using var questions = LibvirtClient.Connect(upstream, LibvirtClient.SystemUri, AnswerLimit);
        events.Subscribe();
        passed.Clear();
        // Earlier events are lost. The definitions of all guests and a scan of their processes replace them.
        var guests = questions.ListGuests(activeOnly: false);
        foreach (var guest in guests)
        {
            ReportEvent(questions, new GuestEvent(guest, GuestEventKind.Defined, 0));
        }
        Scan();
        meter.RemoveUndefined(guests.Select(guest => guest.Uuid).ToHashSet());
        onConnected();
        while (true)
        {
            var happened = events.WaitForEvent();
            // A running guest keeps another definition, which the relay may not have seen.
            if (happened.Kind == GuestEventKind.Defined && passed.RemoveAccepted(happened.Guest.Uuid) is { } guest
                && !happened.Guest.IsActive)
            {
                meter.RecordDefined(guest);
            }
            else
            {
                ReportEvent(questions, happened);
            }
        }
    }

    private void ReportEvent(LibvirtClient questions, GuestEvent happened)
    {
        var instance = happened.Guest.Uuid;
        try
        {
            switch (happened.Kind)
            {
                case GuestEventKind.Defined:
                    ReportDefinition(questions, happened.Guest);
                    break;
                case GuestEventKind.Started:
                    // A guest of createXML is never defined.
                    ReportDefinition(questions, happened.Guest);
                    meter.RecordStarted(instance);
                    break;
                case GuestEventKind.Stopped or GuestEventKind.Crashed:
                    meter.RecordStopped(instance);
                    // A definition that was changed while it ran applies now.
                    ReportDefinition(questions, happened.Guest);
                    break;
                case GuestEventKind.Undefined:
                    meter.RecordRemoved(instance);
                    break;
                default:
                    break;
            }
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == LibvirtReasons.NoDomain)
        {
            // The guest is gone already. No event follows if it had no definition any more, and went when it stopped.
            if (happened.Kind is GuestEventKind.Stopped or GuestEventKind.Crashed)
            {
                meter.RecordRemoved(instance);
            }
        }
    }

    private void ReportDefinition(LibvirtClient questions, GuestName name)
    {
        if (DomainXml.Read(questions.GetXml(name)).Value?.Root is not { } domain)
        {
            return;
        }
        RememberClaims(domain);
        if (MeteredGuest.TryRead(domain, name.Uuid) is { } guest)
        {
            meter.RecordDefined(guest);
        }
    }

    // The definitions of a server that an older release started say what was claimed for it.
    private void RememberClaims(XElement domain)
    {
        var devices = EpcDevice.FindAll(domain).Select(EpcDevice.TryRead).ToList();
        if (NovaMetadata.TryRead(domain) is not { } nova || devices.Count == 0 || devices.Contains(null)
            || known.Find(nova.Instance, nova.Flavor) is not null)
        {
            return;
        }
        try
        {
            known.Note(nova.Instance, nova.Flavor, [.. devices.Select(device =>
                new EpcClaim(Guid.Empty, device!.Value.HostNode, device.Value.Kibibytes / 1024))]);
        }
        catch (IOException failure)
        {
            log($"the EPC of instance {nova.Instance} is remembered until the next restart only: {failure.Message}");
        }
    }

    private void ScanForever()
    {
        while (true)
        {
            Scan();
            Thread.Sleep(ScanInterval);
        }
    }

    private void Scan() => meter.Reconcile(clock(), processes.List());
}
