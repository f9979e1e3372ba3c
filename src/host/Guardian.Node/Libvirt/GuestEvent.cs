namespace Guardian.Node.Libvirt;

/// <summary>What happened to a guest (include/libvirt/libvirt-domain.h, virDomainEventType).</summary>
internal enum GuestEventKind
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

/// <summary>One event of a guest's life, as libvirt tells it.</summary>
/// <param name="Detail">Why, by kind.</param>
internal readonly record struct GuestEvent(GuestName Guest, GuestEventKind Kind, int Detail);
