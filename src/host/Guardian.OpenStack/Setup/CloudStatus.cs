using System.Collections.Concurrent;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;

namespace Guardian.OpenStack.Setup;

/// <summary>One host's enclave memory, in MiB.</summary>
/// <param name="Host">The name of its provider.</param>
/// <param name="State">Of its nova-compute: up or down.</param>
/// <param name="IsHealthy">Whether it takes new guests: its check passes and its daemon says so.</param>
/// <param name="Sections">How many providers its EPC is divided over.</param>
/// <param name="LargestFree">The largest claim that one of the providers still takes; a claim is not divided over them.</param>
/// <param name="Guests">Consumers that hold a claim.</param>
public sealed record EpcHost(string Host, string State, bool IsHealthy, int Sections, long Total, long Reserved, long Claimed, long LargestFree, int Guests)
{
    /// <summary>What may still be claimed.</summary>
    public long Free => Math.Max(0, Total - Reserved - Claimed);
}

/// <summary>A claim that does not fit what Nova knows of servers.</summary>
/// <param name="Consumer">The server, or whoever holds the claim.</param>
/// <param name="Claimed">MiB in Placement.</param>
/// <param name="Expected">MiB by the server's flavor.</param>
public sealed record EpcDrift(Guid Consumer, string? Host, long Claimed, long Expected, string Problem);

/// <summary>All hosts with enclave memory, and where claims and servers disagree.</summary>
public sealed record EpcStatus(IReadOnlyList<EpcHost> Hosts, IReadOnlyList<EpcDrift> Drift);

/// <summary>Looks at a cloud's enclave memory.</summary>
public sealed class CloudStatus(PlacementClient placement, NovaClient nova)
{
    // Enough to hide the round trips of a large cloud, few enough not to disturb it.
    private const int Parallelism = 8;

    // Servers of which Nova holds no claim, or is about to make one.
    private static readonly string[] WithoutClaim = ["BUILD", "ERROR", "SHELVED_OFFLOADED", "DELETED", "SOFT_DELETED"];

    /// <exception cref="OpenStackException">A service refused or did not answer.</exception>
    public async Task<EpcStatus> ReadAsync(CancellationToken cancellation = default)
    {
        var nodes = (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false)).ToDictionary(node => node.Id);
        var hasTraits = (await placement.ListTraitsAsync("CUSTOM_SGX", cancellation).ConfigureAwait(false)).ToHashSet();
        async Task<IReadOnlyList<ResourceProvider>> With(string trait) =>
            trait == Epc.SgxTrait || hasTraits.Contains(trait) ? await placement.ListProvidersWithAsync(trait, cancellation).ConfigureAwait(false) : [];

        var healthy = (await With(Epc.HealthyTrait).ConfigureAwait(false)).Select(provider => provider.RootProviderUuid).ToHashSet();
        var providers = (await With(Epc.SectionTrait).ConfigureAwait(false)).Concat(await With(Epc.SgxTrait).ConfigureAwait(false))
            .Concat(await With(Epc.HealthyTrait).ConfigureAwait(false)).DistinctBy(provider => provider.Uuid).ToList();

        var parts = new ConcurrentBag<(Guid Root, Inventory Inventory, IReadOnlyDictionary<Guid, Amounts> Claims)>();
        await Parallel.ForEachAsync(providers, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (provider, token) =>
        {
            var inventories = await placement.GetInventoriesAsync(provider.Uuid, token).ConfigureAwait(false);
            if (inventories.Inventories.TryGetValue(Epc.ResourceClass, out var inventory))
            {
                parts.Add((provider.RootProviderUuid, inventory, await placement.GetProviderAllocationsAsync(provider.Uuid, token).ConfigureAwait(false)));
            }
        }).ConfigureAwait(false);

        var hosts = new List<EpcHost>();
        var claims = new Dictionary<(Guid Consumer, Guid Root), long>();
        foreach (var host in parts.GroupBy(part => part.Root))
        {
            foreach (var (consumer, amounts) in host.SelectMany(part => part.Claims).Where(claim => Mebibytes(claim.Value) > 0))
            {
                claims[(consumer, host.Key)] = claims.GetValueOrDefault((consumer, host.Key)) + Mebibytes(amounts);
            }
            var own = claims.Where(claim => claim.Key.Root == host.Key).ToList();
            var node = nodes.GetValueOrDefault(host.Key);
            hosts.Add(new EpcHost(
                node?.HypervisorHostname ?? host.Key.ToString(), node?.State ?? "unknown", healthy.Contains(host.Key), host.Count(),
                host.Sum(part => part.Inventory.Total), host.Sum(part => part.Inventory.Reserved), own.Sum(claim => claim.Value),
                host.Max(part => Math.Clamp(part.Inventory.Total - part.Inventory.Reserved - part.Claims.Values.Sum(Mebibytes), 0, Math.Max(0, part.Inventory.MaxUnit))), own.Count));
        }
        return new EpcStatus(
            [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)],
            await FindDriftAsync(claims, nodes, cancellation).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<EpcDrift>> FindDriftAsync(
        Dictionary<(Guid Consumer, Guid Root), long> claims, Dictionary<Guid, Hypervisor> nodes, CancellationToken cancellation)
    {
        var servers = (await nova.ListServersAsync(cancellation).ConfigureAwait(false)).ToDictionary(server => server.Id);
        var migrations = (await nova.ListMigrationsAsync(cancellation).ConfigureAwait(false)).Select(migration => migration.Uuid).ToHashSet();
        var roots = nodes.Values.ToDictionary(node => node.HypervisorHostname, node => node.Id);
        var drift = new List<EpcDrift>();
        foreach (var ((consumer, root), claimed) in claims)
        {
            var host = nodes.GetValueOrDefault(root)?.HypervisorHostname;
            if (!servers.TryGetValue(consumer, out var server))
            {
                if (!migrations.Contains(consumer))
                {
                    drift.Add(new(consumer, host, claimed, 0, "nobody has this identifier: the claim outlived its server"));
                }
            }
            else if (server.Host is not null && server.Host != host)
            {
                drift.Add(new(consumer, host, claimed, 0, $"the server is on {server.Host}"));
            }
        }
        foreach (var server in servers.Values.Where(server => server.Host is not null && !WithoutClaim.Contains(server.Status)))
        {
            var expected = Epc.OfFlavor(server.Flavor.ExtraSpecs);
            var claimed = roots.TryGetValue(server.Host!, out var root) ? claims.GetValueOrDefault((server.Id, root)) : 0;
            if (claimed != expected)
            {
                drift.Add(new(server.Id, server.Host, claimed, expected, claimed == 0 ? "the server has no claim" : "the claim is not what the server's flavor asks"));
            }
        }
        return [.. drift.OrderBy(item => item.Host, StringComparer.Ordinal).ThenBy(item => item.Consumer)];
    }

    private static long Mebibytes(Amounts amounts) => amounts.Resources.GetValueOrDefault(Epc.ResourceClass);
}
