using System.Collections.Concurrent;
using Guardian.Refusals;

namespace Guardian.OpenStack.Placement;

/// <summary>An instance's claim of EPC, or of a TDX key, on one host.</summary>
/// <param name="Provider">The provider that holds the claim.</param>
/// <param name="Node">The NUMA node of the provider's section; null when the host has one pool.</param>
/// <param name="Mebibytes">The amount of EPC in MiB, at least 1; 0 for a TDX key.</param>
public sealed record EpcClaim(Guid Provider, int? Node, long Mebibytes)
{
    /// <summary>Whether the instance has also claimed the right to the provisioning key on this host.</summary>
    public bool ProvisionKey { get; init; }

    /// <summary>Whether it is the claim of a TDX key: the instance is a TDX guest.</summary>
    public bool TdxKey { get; init; }
}

/// <summary>Looks up the claims that Nova's scheduler made for an instance. They are the authoritative size.</summary>
/// <param name="placement">Placement.</param>
/// <remarks>Thread-safe.</remarks>
public sealed class EpcClaims(PlacementClient placement)
{
    // A provider keeps its name and place while it exists, so one request for each is enough. A host meets its own providers and, in an
    // evacuation, another host's.
    private const int MaxKnownProviders = 4096;

    private readonly ConcurrentDictionary<Guid, ResourceProvider> known = new();

    /// <summary>Reads an instance's claims on a host. During an evacuation an instance has claims on two hosts.</summary>
    /// <param name="instance">The server's UUID, which is the domain's.</param>
    /// <param name="host">The name of the compute host's provider, which Nova calls the hypervisor's host name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The claims in the order of NUMA nodes; empty when it claimed neither EPC nor a TDX key.</returns>
    /// <exception cref="RefusedException">Placement or Keystone refused or did not answer; or the instance has claims on other hosts
    /// only (<see cref="CloudReasons.OtherHost"/>).</exception>
    public async Task<IReadOnlyList<EpcClaim>> ReadAsync(Guid instance, string host, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        var claims = new List<EpcClaim>();
        var hasKey = false;
        var others = new SortedSet<string>(StringComparer.Ordinal);
        var allocations = await placement.GetAllocationsAsync(instance, cancellation).ConfigureAwait(false);
        foreach (var (id, amounts) in allocations.Allocations)
        {
            var mebibytes = amounts.Resources.GetValueOrDefault(Epc.ResourceClass);
            var isKey = amounts.Resources.GetValueOrDefault(Epc.ProvisionKeyClass) > 0;
            var isTdx = amounts.Resources.GetValueOrDefault(Tdx.ResourceClass) > 0;
            if (mebibytes > 0 || isKey || isTdx)
            {
                var provider = await GetProviderAsync(id, cancellation).ConfigureAwait(false);
                var root = await GetProviderAsync(provider.RootProviderUuid, cancellation).ConfigureAwait(false);
                hasKey |= isKey && root.Name == host;
                if ((mebibytes > 0 || isTdx) && root.Name == host)
                {
                    claims.Add(new EpcClaim(id, Epc.FindNode(host, provider.Name), mebibytes) { TdxKey = isTdx });
                }
                else if (mebibytes > 0 || isTdx)
                {
                    others.Add(root.Name);
                }
            }
        }
        if (claims.Count == 0 && others.Count > 0)
        {
            // Most likely the configuration names this host by another name than Nova does.
            var found = string.Join(", ", others);
            throw new RefusedException(CloudReasons.OtherHost.Because(
                $"instance {instance} has claims on {found}, and none on {host}; is that Nova's name of this host?"));
        }
        // The key may be claimed at another section of the host than the EPC.
        return [.. claims.OrderBy(claim => claim.Node).Select(claim => claim with { ProvisionKey = hasKey })];
    }

    private async Task<ResourceProvider> GetProviderAsync(Guid id, CancellationToken cancellation)
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
