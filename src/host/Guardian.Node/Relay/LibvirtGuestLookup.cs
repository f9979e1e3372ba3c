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
    public Task<bool?> HasEpcAsync(GuestName guest, string connectionUri) => Task.Factory.StartNew(
        () => HasEpc(guest, connectionUri), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private bool? HasEpc(GuestName guest, string connectionUri)
    {
        try
        {
            using var client = LibvirtClient.Connect(upstream, connectionUri, Limit);
            return DomainXml.Read(client.GetXml(guest)).Value?.Root is { } domain ? EpcDevice.FindAll(domain).Any() : null;
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == LibvirtReasons.NoDomain)
        {
            // libvirt will report that to the caller as well.
            return false;
        }
        catch (RefusedException)
        {
            return null;
        }
    }
}
