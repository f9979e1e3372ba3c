using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>The servers of a flavor that a cloud still takes.</summary>
/// <param name="Flavor">The flavor's name.</param>
/// <param name="Mebibytes">Its EPC.</param>
/// <param name="Servers">The number of servers, if nothing else is created.</param>
/// <param name="Hosts">The number of hosts that take at least one.</param>
public sealed record FlavorCapacity(string Flavor, long Mebibytes, long Servers, int Hosts);

/// <summary>
/// Forecasts how many servers of each flavor with EPC still fit: by EPC per section, processors, memory and disk of the hosts that take new
/// guests. Placement decides in the end; other traits and filters are not considered.
/// </summary>
/// <param name="placement">Placement.</param>
/// <param name="nova">Nova.</param>
public sealed class CloudCapacity(PlacementClient placement, NovaClient nova)
{
    /// <summary>Makes the forecast. It costs one request to Placement, however many hosts there are.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>A line for each flavor with EPC, by name.</returns>
    /// <exception cref="RefusedException">A service refused or did not answer.</exception>
    public async Task<IReadOnlyList<FlavorCapacity>> ReadAsync(CancellationToken cancellation = default)
    {
        var hosts = await ReadHostsAsync(cancellation).ConfigureAwait(false);
        return
        [
            .. (await nova.ListFlavorsAsync(cancellation).ConfigureAwait(false))
                .Where(flavor => Epc.ReadRequest(flavor.ExtraSpecs) > 0).OrderBy(flavor => flavor.Name, StringComparer.Ordinal)
                .Select(flavor => Count(flavor, hosts)),
        ];
    }

    private async Task<IReadOnlyList<HostRoom>> ReadHostsAsync(CancellationToken cancellation)
    {
        // Placement refuses a question about a resource class that nobody has defined, and Guardian defines the class before the trait.
        if ((await placement.ListTraitsAsync(Epc.HealthyTrait, cancellation).ConfigureAwait(false)).Count == 0)
        {
            return [];
        }
        var open = (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false))
            .Where(node => node is { State: "up", Status: "enabled" }).Select(node => node.Id).ToHashSet();
        return
        [
            .. (await placement.ListSummariesAsync(cancellation).ConfigureAwait(false))
                .GroupBy(provider => provider.Value.RootProviderUuid, provider => provider.Value)
                .Where(host => open.Contains(host.Key) && host.Any(provider => provider.Traits.Contains(Epc.HealthyTrait)))
                .Select(ReadHost),
        ];
    }

    private static HostRoom ReadHost(IEnumerable<ProviderSummary> tree)
    {
        var free = tree.SelectMany(provider => provider.Resources).ToLookup(resource => resource.Key, resource => resource.Value.Free);
        return new HostRoom(free["VCPU"].Sum(), free["MEMORY_MB"].Sum(), free["DISK_GB"].Sum(), [.. free[Epc.ResourceClass]]);
    }

    private static FlavorCapacity Count(Flavor flavor, IEnumerable<HostRoom> hosts)
    {
        var parts = Epc.ReadParts(flavor.ExtraSpecs!);
        var isIsolated = flavor.ExtraSpecs!.GetValueOrDefault("group_policy") == "isolate";
        var counts = hosts.Select(host => host.Count(flavor.Vcpus, flavor.Ram, flavor.Disk, parts, isIsolated)).ToList();
        return new FlavorCapacity(flavor.Name, parts.Sum(), counts.Sum(), counts.Count(count => count > 0));
    }
}
