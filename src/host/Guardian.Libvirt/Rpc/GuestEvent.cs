namespace Guardian.Libvirt.Rpc;

/// <summary>A change in a guest's life (include/libvirt/libvirt-domain.h, virDomainEventType).</summary>
public enum GuestEventKind
{
    Defined = 0,
    Undefined = 1,
    Started = 2,
    Suspended = 3,
    Resumed = 4,
    Stopped = 5,
    Shutdown = 6,
    PmSuspended = 7,
    Crashed = 8,
}

/// <summary>One event of a guest's life, as libvirt reports it.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Kind">The change.</param>
/// <param name="Detail">The cause; libvirt numbers causes by kind.</param>
public readonly record struct GuestEvent(GuestName Guest, GuestEventKind Kind, int Detail);
