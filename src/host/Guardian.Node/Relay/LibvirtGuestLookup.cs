using System.Xml.Linq;
using Guardian.Libvirt;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>Asks libvirtd over a connection of its own, because only libvirtd knows after the relay has restarted.</summary>
/// <param name="upstream">libvirtd's socket.</param>
internal sealed class LibvirtGuestLookup(string upstream) : IGuestLookup
{
    // The caller waits meanwhile.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A thread of its own waits for libvirtd, so that the client's other calls go on.
    public Task<GuestKind?> FindKindAsync(GuestName guest, string connectionUri) => Task.Factory.StartNew(
        () => FindKind(guest, connectionUri), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Reads a guest's kind from its definition.</summary>
    public static GuestKind ReadKind(XElement domain) =>
        EpcDevice.FindAll(domain).Any() ? GuestKind.Epc : LaunchSecurity.IsTdx(domain) ? GuestKind.Tdx : GuestKind.Plain;

    private GuestKind? FindKind(GuestName guest, string connectionUri)
    {
        try
        {
            using var client = LibvirtClient.Connect(upstream, connectionUri, Limit);
            // Only the definition of a running guest has an id, and only a running guest has memory that could leave.
            return DomainXml.Read(client.GetXml(guest)).Value?.Root is not { } domain ? null
                : domain.Attribute("id") is null ? GuestKind.Plain : ReadKind(domain);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == LibvirtReasons.NoDomain)
        {
            // libvirt will report that to the caller as well.
            return GuestKind.Plain;
        }
        catch (RefusedException)
        {
            return null;
        }
    }
}
