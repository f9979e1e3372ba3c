using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Relay;

/// <summary>Looks up whether a guest has EPC.</summary>
internal interface IGuestLookup
{
    /// <summary>Whether the guest has EPC; null when libvirt does not answer. Takes a limited time and never throws.</summary>
    Task<bool?> HasEpcAsync(GuestName guest, string connectionUri);
}
