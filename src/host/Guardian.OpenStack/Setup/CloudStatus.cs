using System.Collections.Concurrent;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>One host's enclave memory, in MiB.</summary>
/// <param name="Host">The name of its provider.</param>
/// <param name="State">The state of its nova-compute: <c>up</c>, <c>down</c>, or <c>disabled</c>, which is up and takes no new guests.
/// </param>
/// <param name="IsHealthy">Whether its nova-compute is up, its check passes, and its daemon has published that.</param>
/// <param name="Sections">The number of providers that share its EPC.</param>
/// <param name="Total">The sum of all sections.</param>
/// <param name="Reserved">The part that is kept for the host's own enclaves.</param>
/// <param name="Claimed">The part that consumers have claimed.</param>
/// <param name="LargestFree">The largest claim that one of the providers still takes; Placement never divides a claim.</param>
/// <param name="Guests">The number of consumers that hold a claim.</param>
public sealed record EpcHost(
    string Host, string State, bool IsHealthy, int Sections, long Total, long Reserved, long Claimed, long LargestFree, int Guests)
{
    /// <summary>The part that can still be claimed.</summary>
    public long Free => Math.Max(0, Total - Reserved - Claimed);
}

/// <summary>A disagreement between a claim and Nova's knowledge of servers.</summary>
/// <param name="Consumer">The server, or another holder of the claim.</param>
/// <param name="Host">The host of the claim or the server; null when it is not known.</param>
/// <param name="Claimed">MiB in Placement.</param>
/// <param name="Expected">MiB according to the server's flavor.</param>
/// <param name="Problem">The disagreement, for people.</param>
public sealed record EpcDrift(Guid Consumer, string? Host, long Claimed, long Expected, string Problem);

/// <summary>All hosts with enclave memory, and their claims that need a word.</summary>
/// <param name="Hosts">The hosts, by name.</param>
/// <param name="Drift">All disagreements between claims and servers.</param>
/// <param name="Leftovers">Claims that Nova keeps on hosts from which servers were evacuated. They go when the hosts are back.</param>
public sealed record EpcStatus(IReadOnlyList<EpcHost> Hosts, IReadOnlyList<EpcDrift> Drift, IReadOnlyList<EpcDrift> Leftovers);

/// <summary>Reads the state of a cloud's enclave memory.</summary>
/// <param name="placement">Placement.</param>
/// <param name="nova">Nova.</param>
public sealed class CloudStatus(PlacementClient placement, NovaClient nova)
{
    // Enough to hide the round trips of a large cloud, few enough not to disturb it.
    private const int Parallelism = 16;

    // Servers that hold no claim, or for which Nova is about to make one.
    private static readonly string[] WithoutClaim = ["BUILD", "ERROR", "SHELVED_OFFLOADED", "DELETED", "SOFT_DELETED"];

    // Nova moves the claim when it begins this work, and the server's host when it ends.
    private static readonly string[] Moving = ["MIGRATING", "REBUILD", "RESIZE", "REVERT_RESIZE"];

    /// <summary>Reads the state.</summary>
    /// <exception cref="RefusedException">A service refused or did not answer.</exception>
    public async Task<EpcStatus> ReadAsync(CancellationToken cancellation = default)
    {
        var first = await ReadOnceAsync(cancellation).ConfigureAwait(false);
        if (first.Drift.Count == 0)
        {
            return first;
        }
        // A server that is made, moved or deleted between two questions disagrees with its claim once.
        var second = await ReadOnceAsync(cancellation).ConfigureAwait(false);
        return second with { Drift = [.. second.Drift.Intersect(first.Drift)] };
    }

    private async Task<EpcStatus> ReadOnceAsync(CancellationToken cancellation)
    {
        var nodes = (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false)).ToDictionary(node => node.Id);
        var (providers, healthy) = await ListProvidersAsync(cancellation).ConfigureAwait(false);
        var hosts = new List<EpcHost>();
        var claims = new Dictionary<(Guid Consumer, Guid Root), long>();
        foreach (var host in (await ReadPartsAsync(providers, cancellation).ConfigureAwait(false)).GroupBy(part => part.Root))
        {
            foreach (var (consumer, amounts) in host.SelectMany(part => part.Claims).Where(claim => ReadMebibytes(claim.Value) > 0))
            {
                claims[(consumer, host.Key)] = claims.GetValueOrDefault((consumer, host.Key)) + ReadMebibytes(amounts);
            }
            var own = claims.Where(claim => claim.Key.Root == host.Key).ToList();
            var node = nodes.GetValueOrDefault(host.Key);
            hosts.Add(new EpcHost(
                node?.HypervisorHostname ?? host.Key.ToString(),
                node is { State: "up", Status: "disabled" } ? "disabled" : node?.State ?? "unknown",
                node?.State == "up" && healthy.Contains(host.Key), host.Count(),
                host.Sum(part => part.Inventory.Total), host.Sum(part => part.Inventory.Reserved), own.Sum(claim => claim.Value),
                host.Max(part => part.Free), own.Count));
        }
        var (drift, leftovers) = await FindDriftAsync(claims, nodes, cancellation).ConfigureAwait(false);
        return new EpcStatus([.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)], Sort(drift), Sort(leftovers));
    }

    private async Task<(List<ResourceProvider> Providers, HashSet<Guid> Healthy)> ListProvidersAsync(CancellationToken cancellation)
    {
        var known = (await placement.ListTraitsAsync("CUSTOM_SGX", cancellation).ConfigureAwait(false)).ToHashSet();
        // Placement refuses a question about a trait that it does not know.
        async Task<IReadOnlyList<ResourceProvider>> ListWithAsync(string trait) => trait == Epc.SgxTrait || known.Contains(trait)
            ? await placement.ListProvidersWithAsync(trait, cancellation).ConfigureAwait(false)
            : [];
        var healthy = await ListWithAsync(Epc.HealthyTrait).ConfigureAwait(false);
        List<ResourceProvider> all =
        [
            .. await ListWithAsync(Epc.SectionTrait).ConfigureAwait(false),
            .. await ListWithAsync(Epc.SgxTrait).ConfigureAwait(false),
            .. healthy,
        ];
        return ([.. all.DistinctBy(provider => provider.Uuid)], healthy.Select(provider => provider.RootProviderUuid).ToHashSet());
    }

    private async Task<IEnumerable<Part>> ReadPartsAsync(List<ResourceProvider> providers, CancellationToken cancellation)
    {
        var parts = new ConcurrentBag<Part>();
        // Placement refuses the question before anybody has defined the resource class.
        var summaries = providers.Count > 0
            ? await placement.ListSummariesAsync(cancellation).ConfigureAwait(false)
            : new Dictionary<Guid, ProviderSummary>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };
        await Parallel.ForEachAsync(providers, options, async (provider, token) =>
        {
            var summary = summaries.GetValueOrDefault(provider.Uuid);
            if (summary?.Resources.ContainsKey(Epc.ResourceClass) == false)
            {
                // The host's own provider; its EPC is below it.
                return;
            }
            var inventories = await placement.GetInventoriesAsync(provider.Uuid, token).ConfigureAwait(false);
            if (inventories.Inventories.TryGetValue(Epc.ResourceClass, out var inventory))
            {
                var claims = summary?.Resources[Epc.ResourceClass].Used == 0
                    ? new Dictionary<Guid, Amounts>()
                    : await placement.GetProviderAllocationsAsync(provider.Uuid, token).ConfigureAwait(false);
                parts.Add(new Part(provider.RootProviderUuid, inventory, claims));
            }
        }).ConfigureAwait(false);
        return parts;
    }

    private static IReadOnlyList<EpcDrift> Sort(List<EpcDrift> items) =>
        [.. items.OrderBy(item => item.Host, StringComparer.Ordinal).ThenBy(item => item.Consumer)];

    private async Task<(List<EpcDrift> Drift, List<EpcDrift> Leftovers)> FindDriftAsync(
        Dictionary<(Guid Consumer, Guid Root), long> claims, Dictionary<Guid, Hypervisor> nodes, CancellationToken cancellation)
    {
        var servers = (await nova.ListServersAsync(cancellation).ConfigureAwait(false)).ToDictionary(server => server.Id);
        var migrations = await nova.ListMigrationsAsync(cancellation).ConfigureAwait(false);
        var moves = migrations.ToDictionary(migration => migration.Uuid);
        var evacuated = migrations.Where(migration => migration.IsEvacuationDone)
            .Select(migration => (migration.InstanceUuid, migration.SourceNode)).ToHashSet();
        // A host that was renamed may have left a node of the same name behind.
        var roots = nodes.Values.ToLookup(node => node.HypervisorHostname, node => node.Id);
        var (drift, leftovers) = (new List<EpcDrift>(), new List<EpcDrift>());
        foreach (var ((consumer, root), claimed) in claims)
        {
            var host = nodes.GetValueOrDefault(root)?.HypervisorHostname;
            if (!servers.TryGetValue(consumer, out var server))
            {
                if (!moves.TryGetValue(consumer, out var move))
                {
                    drift.Add(new(consumer, host, claimed, 0, "nobody has this identifier: the claim outlived its server"));
                }
                else if (move.HasEnded)
                {
                    drift.Add(new(consumer, host, claimed, 0,
                        $"the claim outlived the move of {move.InstanceUuid}, which ended as {move.Status}"));
                }
            }
            else if (server.Host is not null && server.Host != host && !Moving.Contains(server.Status))
            {
                // The server's own claim is on its new host; this one protects the EPC of a guest that may still run on the old one.
                var isLeftover = evacuated.Contains((consumer, host));
                (isLeftover ? leftovers : drift).Add(new(consumer, host, claimed, 0, isLeftover
                    ? $"left behind by the evacuation to {server.Host}; goes when nova-compute on {host} is back"
                    : $"the server is on {server.Host}"));
            }
        }
        foreach (var server in servers.Values.Where(server => server.Host is not null
            && !WithoutClaim.Contains(server.Status) && !Moving.Contains(server.Status)))
        {
            var expected = Epc.ReadRequest(server.Flavor.ExtraSpecs);
            var claimed = roots[server.Host!].Sum(root => claims.GetValueOrDefault((server.Id, root)));
            if (Epc.ReadUnclaimedRequest(server.Flavor.ExtraSpecs) is var unclaimed and > 0)
            {
                drift.Add(new(
                    server.Id, server.Host, claimed, unclaimed,
                    $"its flavor {server.Flavor.OriginalName} asks with {Epc.AliasSpec} alone, for which Nova claims nothing"));
            }
            else if (claimed != expected)
            {
                var problem = claimed == 0 ? "the server has no claim" : "the claim is not what the server's flavor requests";
                drift.Add(new(server.Id, server.Host, claimed, expected, problem));
            }
        }
        return (drift, leftovers);
    }

    private static long ReadMebibytes(Amounts amounts) => amounts.Resources.GetValueOrDefault(Epc.ResourceClass);

    /// <summary>One provider's part of a host's EPC.</summary>
    private sealed record Part(Guid Root, Inventory Inventory, IReadOnlyDictionary<Guid, Amounts> Claims)
    {
        /// <summary>The largest claim that it still takes.</summary>
        public long Free => Math.Clamp(
            Inventory.Total - Inventory.Reserved - Claims.Values.Sum(ReadMebibytes), 0, Math.Max(0, Inventory.MaxUnit));
    }
}
