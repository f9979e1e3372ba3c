using Guardian.Node.Libvirt;
using Guardian.Node.Processes;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Metering;

/// <summary>
/// Listens to libvirt's lifecycle events on a connection of its own, so that whoever starts or ends a guest is heard, and looks at the host's processes
/// every few seconds, and whenever events may have been missed.
/// </summary>
internal sealed class GuestWatch(Meter meter, GuestProcesses processes, PassedDefinitions passed, Func<ClockReading> clock, string upstream, Action<string> log)
{
    /// <summary>The driver whose guests are metered.</summary>
    internal const string Driver = "qemu:///system";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    /// <summary>Begins to listen and to look, on threads of their own that end with the process.</summary>
    public void Start()
    {
        new Thread(Listen) { IsBackground = true, Name = "guest events" }.Start();
        new Thread(LookForever) { IsBackground = true, Name = "guest processes" }.Start();
    }

    /// <summary>Tells the meter what an event of libvirt means.</summary>
    /// <param name="readXml">Reads a guest's definition; is called only where it is needed.</param>
    internal static void Tell(IGuestEvents meter, GuestEvent happened, Func<string> readXml)
    {
        switch (happened.Kind)
        {
            case GuestEventKind.Defined:
                Define(meter, happened.Guest.Uuid, readXml());
                break;
            case GuestEventKind.Started:
                // Guests of createXML are never defined.
                Define(meter, happened.Guest.Uuid, readXml());
                meter.Started(happened.Guest.Uuid);
                break;
            case GuestEventKind.Stopped or GuestEventKind.Crashed:
                meter.Stopped(happened.Guest.Uuid);
                break;
            case GuestEventKind.Undefined:
                meter.Removed(happened.Guest.Uuid);
                break;
            default:
                break;
        }
    }

    private static void Define(IGuestEvents meter, Guid instance, string xml)
    {
        if (DomainXml.TryRead(xml, out _)?.Root is { } domain && GuestDefinition.TryRead(domain, instance) is { } definition)
        {
            Define(meter, definition);
        }
    }

    private static void Define(IGuestEvents meter, GuestDefinition definition) => meter.Defined(definition.Instance, definition.Mebibytes, definition.Project, definition.Flavor);

    private void Listen()
    {
        var isDown = false;
        while (true)
        {
            try
            {
                using var events = LibvirtClient.Connect(upstream, Driver, AnswerLimit);
                using var questions = LibvirtClient.Connect(upstream, Driver, AnswerLimit);
                events.Subscribe();
                passed.Clear();
                // What happened before is found by looking, and told by the definitions of all guests.
                var guests = questions.ListGuests(activeOnly: false);
                foreach (var guest in guests)
                {
                    TryTell(questions, new GuestEvent(guest, GuestEventKind.Defined, 0));
                }
                Look();
                meter.Keep(guests.Select(guest => guest.Uuid).ToHashSet());
                if (isDown)
                {
                    log("libvirt answers again; guests are metered by its events");
                    isDown = false;
                }
                while (true)
                {
                    var happened = events.WaitForEvent();
                    // The definition that a guest runs with is another one, which the relay may not have seen.
                    if (happened.Kind == GuestEventKind.Defined && passed.Take(happened.Guest.Uuid) is { } definition && !happened.Guest.IsActive)
                    {
                        Define(meter, definition);
                    }
                    else
                    {
                        TryTell(questions, happened);
                    }
                }
            }
            catch (LibvirtException failure)
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

    private void TryTell(LibvirtClient questions, GuestEvent happened)
    {
        try
        {
            Tell(meter, happened, () => questions.GetXml(happened.Guest));
        }
        catch (LibvirtException failure) when (failure.Code == RpcErrorCode.NoDomain)
        {
            // Gone already: its own events follow.
        }
    }

    private void LookForever()
    {
        while (true)
        {
            Look();
            Thread.Sleep(LookInterval);
        }
    }

    private void Look() => meter.Reconcile(clock(), processes.List());
}
