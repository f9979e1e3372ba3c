using System.Collections.Concurrent;

namespace Guardian.OpenStack.Placement;

/// <summary>EPC that an instance claimed on one host.</summary>
/// <param name="Node">The NUMA node of the section it was claimed on, or null where the host has one pool.</param>
/// <param name="Mebibytes">At least 1.</param>
public sealed record EpcClaim(Guid Provider, int? Node, long Mebibytes);

/// <summary>Looks up what Nova's scheduler claimed for an instance: the size of record. Thread-safe.</summary>
public sealed class EpcClaims(PlacementClient placement)
{
    // Providers keep their name and place for as long as they exist, so one question for each is enough. A host meets its own and, in an evacuation, others'.
    private const int MaxKnownProviders = 4096;

    private readonly ConcurrentDictionary<Guid, ResourceProvider> known = new();

    /// <summary>The instance's claims on a host, in the order of NUMA nodes; empty when it claimed no EPC there.</summary>
    /// <param name="instance">The server's UUID, which is the domain's.</param>
    /// <param name="host">The name of the compute host's provider: what Nova calls the hypervisor's host name. While an instance is evacuated, it has claims on two hosts.</param>
    /// <exception cref="OpenStackException">Placement or Keystone refused or did not answer; or the instance claimed EPC, but on other hosts only.</exception>
    public async Task<IReadOnlyList<EpcClaim>> ReadAsync(Guid instance, string host, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        var claims = new List<EpcClaim>();
        var others = new SortedSet<string>(StringComparer.Ordinal);
        var allocations = await placement.GetAllocationsAsync(instance, cancellation).ConfigureAwait(false);
        foreach (var (id, amounts) in allocations.Allocations)
        {
            if (amounts.Resources.GetValueOrDefault(Epc.ResourceClass) is var mebibytes and > 0)
            {
                var provider = await GetAsync(id, cancellation).ConfigureAwait(false);
                var root = await GetAsync(provider.RootProviderUuid, cancellation).ConfigureAwait(false);
                if (root.Name == host)
                {
                    claims.Add(new EpcClaim(id, Epc.NodeOf(host, provider.Name), mebibytes));
                }
                else
                {
                    others.Add(root.Name);
                }
            }
        }
        if (claims.Count == 0 && others.Count > 0)
        {
            // As good as none, and yet most likely a host that goes by another name.
            throw new OpenStackException(OpenStackFailure.Settings, $"instance {instance} has claimed EPC on {string.Join(", ", others)}, and none on {host}; is that Nova's name of this host?");
        }
        return [.. claims.OrderBy(claim => claim.Node)];
    }

    private async Task<ResourceProvider> GetAsync(Guid id, CancellationToken cancellation)
    {
        if (known.TryGetValue(id, out var provider))
        {
            return provider;
        }
        provider = await placement.GetProviderAsync(id, cancellation).ConfigureAwait(false);
        if (known.Count >= MaxKnownProviders)
        {
            known.Clear();
        }
        return known[id] = provider;
    }
}
