using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>Finds the hosts that offer EPC.</summary>
/// <param name="placement">Placement.</param>
/// <param name="nova">Nova.</param>
public sealed class SgxHosts(PlacementClient placement, NovaClient nova)
{
    /// <summary>Lists the names of the hosts, as <c>openstack hypervisor list</c> shows them.</summary>
    /// <exception cref="RefusedException">A service refused or did not answer.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation = default)
    {
        var roots = (await placement.ListProvidersWithAsync(Epc.SgxTrait, cancellation).ConfigureAwait(false))
            .Select(provider => provider.RootProviderUuid).ToHashSet();
        return
        [
            .. (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false)).Where(node => roots.Contains(node.Id))
                .Select(node => node.HypervisorHostname).Order(StringComparer.Ordinal),
        ];
    }
}
