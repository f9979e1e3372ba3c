using Guardian.Node.Libvirt;
using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Relay;

/// <summary>Asks libvirtd itself, over a connection of its own, whether a guest has EPC: it alone knows after a restart.</summary>
/// <param name="upstream">libvirtd's socket.</param>
internal sealed class LibvirtGuestKinds(string upstream) : IGuestKinds
{
    // Nova's own call waits meanwhile.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public bool? HasEpc(GuestName guest, string connectionUri)
    {
        try
        {
            using var client = LibvirtClient.Connect(upstream, connectionUri, Limit);
            return DomainXml.TryRead(client.GetXml(guest), out _) is { } definition ? GuestEpc.Devices(definition.Root!).Any() : null;
        }
        catch (LibvirtException failure) when (failure.Code == RpcErrorCode.NoDomain)
        {
            // libvirt will say so to the caller as well.
            return false;
        }
        catch (LibvirtException)
        {
            return null;
        }
    }
}
