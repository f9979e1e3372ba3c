using Guardian.ComputeHost.Inventory;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Publishing;

/// <summary>
/// Publishes a host's EPC and TDX keys in Placement. It runs again and again: it reads, changes whatever differs, and leaves to the next
/// run to repair the changes that others make meanwhile.
/// </summary>
/// <remarks>
/// nova-compute rewrites the inventory of the host's own provider every minute, but leaves the providers below it alone. Therefore each EPC
/// section has a provider of its own there. nova-compute keeps traits of the host's provider that are not its own.
/// </remarks>
internal sealed class EpcPublisher
{
    // A round fails only when another writer succeeds, and nova-compute writes a few times a minute.
    private const int MaxRounds = 5;

    // No host has so many guests with EPC: the key is a right, not an amount.
    private const long KeysOfSection = 4096;

    private readonly PlacementClient placement;
    private readonly Func<string> hostName;
    private readonly bool offersKey;
    private readonly SeenProviders seen = new();
    private readonly Withdrawal withdrawal;
    private readonly TdxPublisher tdx;
    private bool hasNames;
    private string host = "";
    private Guid? rootId;
    private bool isStatic;

    /// <summary>Creates a publisher.</summary>
    /// <param name="placement">Placement.</param>
    /// <param name="hostName">Reads Nova's name of the host.</param>
    /// <param name="offersKey">Whether flavors can request the provisioning key.</param>
    public EpcPublisher(PlacementClient placement, Func<string> hostName, bool offersKey = false)
    {
        this.placement = placement;
        this.hostName = hostName;
        this.offersKey = offersKey;
        withdrawal = new Withdrawal(placement, seen);
        tdx = new TdxPublisher(placement, seen, withdrawal);
    }

    /// <summary>
    /// The claims on each section at the last publication, in MiB by NUMA node; empty when the operator's provider.yaml states the
    /// inventory.
    /// </summary>
    public IReadOnlyDictionary<int, long> Claimed { get; private set; } = new Dictionary<int, long>();

    /// <summary>Makes Placement show the host as it is.</summary>
    /// <returns>The changes, a line for each; empty when nothing differed.</returns>
    /// <exception cref="RefusedException">Placement does not answer, refuses, or does not know the host yet.</exception>
    public async Task<IReadOnlyList<string>> PublishAsync(HostEpc epc, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(epc);
        for (var round = 1; ; round++)
        {
            try
            {
                return await PublishOnceAsync(epc, cancellation).ConfigureAwait(false);
            }
            catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Conflict && round < MaxRounds)
            {
                // Another writer was faster: read again.
                await Task.Delay(TimeSpan.FromMilliseconds(50 * round), cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<string>> PublishOnceAsync(HostEpc epc, CancellationToken cancellation)
    {
        host = hostName();
        var (root, tree) = await ReadTreeAsync(cancellation).ConfigureAwait(false);
        seen.Begin(epc, tree);
        var changes = new List<string>();
        try
        {
            await PublishTreeAsync(root, tree, epc, changes, cancellation).ConfigureAwait(false);
        }
        catch
        {
            seen.Clear();
            // Somebody may have removed the names, or put an older database back.
            hasNames = false;
            throw;
        }
        seen.End(tree, isUnchanged: changes.Count == 0);
        return changes;
    }

    // One request, once the host's provider is known.
    private async Task<(ResourceProvider Root, IReadOnlyList<ResourceProvider> Tree)> ReadTreeAsync(CancellationToken cancellation)
    {
        if (rootId is { } known)
        {
            var tree = await placement.ListTreeAsync(known, cancellation).ConfigureAwait(false);
            if (tree.FirstOrDefault(provider => provider.Uuid == known && provider.Name == host) is { } root)
            {
                return (root, tree);
            }
        }
        if (await placement.ListProvidersAsync(host, cancellation).ConfigureAwait(false) is not [var found])
        {
            throw new RefusedException(CloudReasons.NotFound.Because(
                $"placement has no provider '{host}' yet; nova-compute makes it when it first starts"));
        }
        rootId = found.Uuid;
        return (found, await placement.ListTreeAsync(found.Uuid, cancellation).ConfigureAwait(false));
    }

    private async Task PublishTreeAsync(
        ResourceProvider root, IReadOnlyList<ResourceProvider> tree, HostEpc epc, List<string> changes, CancellationToken cancellation)
    {
        if (!hasNames)
        {
            await placement.EnsureResourceClassAsync(Epc.ResourceClass, cancellation).ConfigureAwait(false);
            if (offersKey)
            {
                await placement.EnsureResourceClassAsync(Epc.ProvisionKeyClass, cancellation).ConfigureAwait(false);
            }
            foreach (var trait in Epc.CustomTraits)
            {
                await placement.EnsureTraitAsync(trait, cancellation).ConfigureAwait(false);
            }
            hasNames = true;
        }
        // A host that became unhealthy publishes that first; a host that became healthy publishes that last.
        if (!epc.IsHealthy)
        {
            await PublishTraitsAsync(root, epc, changes, cancellation).ConfigureAwait(false);
        }
        if (!seen.IsCurrent(root))
        {
            var inventories = await placement.GetInventoriesAsync(root.Uuid, cancellation).ConfigureAwait(false);
            isStatic = inventories.Inventories.ContainsKey(Epc.ResourceClass);
        }
        if (isStatic)
        {
            // The operator's provider.yaml states the EPC; a second inventory would double it.
            Claimed = new Dictionary<int, long>();
        }
        else
        {
            await PublishSectionsAsync(root, tree, epc, changes, cancellation).ConfigureAwait(false);
        }
        await tdx.PublishAsync(root, tree, epc.TdxKeys, changes, cancellation).ConfigureAwait(false);
        if (epc.IsHealthy)
        {
            await PublishTraitsAsync(root, epc, changes, cancellation).ConfigureAwait(false);
        }
    }

    private async Task PublishSectionsAsync(
        ResourceProvider root, IReadOnlyList<ResourceProvider> tree, HostEpc epc, List<string> changes, CancellationToken cancellation)
    {
        var sections = tree
            .Where(provider => Epc.FindNode(host, provider.Name) is not null)
            .ToDictionary(provider => Epc.FindNode(host, provider.Name)!.Value);
        foreach (var gone in sections.Keys.Except(epc.Mebibytes.Keys).ToList())
        {
            await withdrawal.RunAsync(sections[gone], changes, cancellation).ConfigureAwait(false);
        }
        var claimed = new Dictionary<int, long>();
        var reserved = epc.ReservedMebibytes;
        foreach (var (node, total) in epc.Mebibytes.Where(section => section.Value > 0).OrderBy(section => section.Key))
        {
            // The host's enclaves use pages of the first node until it is full.
            var reservedHere = Math.Min(reserved, total);
            reserved -= reservedHere;
            if (!sections.TryGetValue(node, out var provider))
            {
                provider = await placement.CreateProviderAsync(
                    Epc.MakeProviderName(host, node), root.Uuid, cancellation).ConfigureAwait(false);
                changes.Add($"made provider {provider.Name}");
            }
            if (seen.IsCurrent(provider) && Claimed.TryGetValue(node, out var known))
            {
                claimed[node] = known;
                continue;
            }
            var wanted = new Inventory(total, reservedHere, 1, total, 1, 1.0);
            var inventories = await placement.GetInventoriesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
            var all = MakeInventories(wanted, inventories);
            if (!all.All(each => inventories.Inventories.GetValueOrDefault(each.Key) == each.Value))
            {
                await placement.SetInventoriesAsync(provider.Uuid, inventories with { Inventories = all }, cancellation)
                    .ConfigureAwait(false);
                changes.Add($"published {total} MiB of EPC on node {node}, {reservedHere} MiB of it reserved"
                    + (offersKey ? ", and the provisioning key by flavor" : ""));
            }
            await EnsureTraitsAsync(provider.Uuid, [Epc.SectionTrait], [], changes, cancellation).ConfigureAwait(false);
            var usages = await placement.GetUsagesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
            claimed[node] = usages.GetValueOrDefault(Epc.ResourceClass);
        }
        Claimed = claimed;
    }

    // While servers hold the right to the key, Placement refuses to remove the class; reserved, nobody else claims it.
    private Dictionary<string, Inventory> MakeInventories(Inventory epc, ProviderInventories known)
    {
        var all = new Dictionary<string, Inventory> { [Epc.ResourceClass] = epc };
        if (offersKey || known.Inventories.ContainsKey(Epc.ProvisionKeyClass))
        {
            all[Epc.ProvisionKeyClass] = new Inventory(KeysOfSection, offersKey ? 0 : KeysOfSection, 1, 1, 1, 1.0);
        }
        return all;
    }

    private Task PublishTraitsAsync(ResourceProvider root, HostEpc epc, List<string> changes, CancellationToken cancellation)
    {
        if (seen.IsCurrent(root))
        {
            return Task.CompletedTask;
        }
        var hasEpc = epc.Mebibytes.Values.Sum() > 0;
        (string Name, bool IsWanted)[] all =
        [
            (Epc.SgxTrait, hasEpc),
            (Epc.FlcTrait, hasEpc && epc.HasFlc),
            (Epc.Sgx2Trait, hasEpc && epc.HasSgx2),
            (Epc.HealthyTrait, hasEpc && epc.IsHealthy),
        ];
        var traits = all.ToLookup(trait => trait.IsWanted, trait => trait.Name);
        return EnsureTraitsAsync(root.Uuid, [.. traits[true]], [.. traits[false]], changes, cancellation);
    }

    // The set is replaced as a whole, on the generation that was read, and others' traits stay in it.
    private async Task EnsureTraitsAsync(
        Guid provider, string[] wanted, string[] unwanted, List<string> changes, CancellationToken cancellation)
    {
        var known = await placement.GetTraitsAsync(provider, cancellation).ConfigureAwait(false);
        var (added, removed) = (wanted.Except(known.Traits).ToList(), unwanted.Intersect(known.Traits).ToList());
        if (added.Count + removed.Count > 0)
        {
            var traits = known with { Traits = [.. known.Traits.Except(removed), .. added] };
            await placement.SetTraitsAsync(provider, traits, cancellation).ConfigureAwait(false);
            changes.AddRange(added.Select(trait => $"set trait {trait}"));
            changes.AddRange(removed.Select(trait => $"withdrew trait {trait}"));
        }
    }
}
