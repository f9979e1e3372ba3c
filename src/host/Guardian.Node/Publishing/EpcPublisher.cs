using Guardian.OpenStack;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>
/// Keeps Placement's picture of a host as it should be. It is run again and again: it reads, changes what differs, and lets the next run mend what
/// others changed meanwhile.
/// </summary>
/// <remarks>
/// nova-compute writes the inventory of the host's own provider anew every minute, but leaves providers below it alone; so each EPC section has its own there.
/// Traits of the host's provider it keeps, as long as they are not its own.
/// </remarks>
public sealed class EpcPublisher(PlacementClient placement, string host)
{
    // Each round loses to at least one other writer's success; nova-compute writes a few times a minute.
    private const int MaxRounds = 5;

    private bool hasNames;

    /// <summary>How much of each section was claimed when it was last published, in MiB by NUMA node; nothing where the operator's provider.yaml says the inventory.</summary>
    public IReadOnlyDictionary<int, long> Claimed { get; private set; } = new Dictionary<int, long>();

    /// <summary>Makes Placement show the host as it is.</summary>
    /// <returns>What was changed, a line each; nothing when all was right.</returns>
    /// <exception cref="OpenStackException">Placement does not answer, refuses, or does not know the host yet.</exception>
    public async Task<IReadOnlyList<string>> PublishAsync(HostEpc epc, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(epc);
        for (var round = 1; ; round++)
        {
            try
            {
                return await PublishOnceAsync(epc, cancellation).ConfigureAwait(false);
            }
            catch (OpenStackException failure) when (failure.Failure == OpenStackFailure.Conflict && round < MaxRounds)
            {
                // Somebody was faster: look again.
                await Task.Delay(TimeSpan.FromMilliseconds(50 * round), cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<string>> PublishOnceAsync(HostEpc epc, CancellationToken cancellation)
    {
        var root = (await placement.ListProvidersAsync(host, cancellation).ConfigureAwait(false)) is [var found]
            ? found
            : throw new OpenStackException(OpenStackFailure.NotFound, $"placement has no provider '{host}' yet; nova-compute makes it when it first starts");
        if (!hasNames)
        {
            await placement.EnsureResourceClassAsync(Epc.ResourceClass, cancellation).ConfigureAwait(false);
            foreach (var trait in Epc.CustomTraits)
            {
                await placement.EnsureTraitAsync(trait, cancellation).ConfigureAwait(false);
            }
            hasNames = true;
        }
        var changes = new List<string>();
        // A host that is not healthy says so before anything else changes; one that became healthy says so last.
        if (!epc.IsHealthy)
        {
            await PublishTraitsAsync(root.Uuid, epc, changes, cancellation).ConfigureAwait(false);
        }
        if ((await placement.GetInventoriesAsync(root.Uuid, cancellation).ConfigureAwait(false)).Inventories.ContainsKey(Epc.ResourceClass))
        {
            // The operator's provider.yaml says it; twice would be too much.
            Claimed = new Dictionary<int, long>();
        }
        else
        {
            await PublishSectionsAsync(root, epc, changes, cancellation).ConfigureAwait(false);
        }
        if (epc.IsHealthy)
        {
            await PublishTraitsAsync(root.Uuid, epc, changes, cancellation).ConfigureAwait(false);
        }
        return changes;
    }

    private async Task PublishSectionsAsync(ResourceProvider root, HostEpc epc, List<string> changes, CancellationToken cancellation)
    {
        var sections = (await placement.ListTreeAsync(root.Uuid, cancellation).ConfigureAwait(false))
            .Where(provider => Epc.NodeOf(host, provider.Name) is not null).ToDictionary(provider => Epc.NodeOf(host, provider.Name)!.Value);
        foreach (var gone in sections.Keys.Except(epc.Mebibytes.Keys).ToList())
        {
            await WithdrawAsync(sections[gone], changes, cancellation).ConfigureAwait(false);
        }
        var claimed = new Dictionary<int, long>();
        var reserved = epc.ReservedMebibytes;
        foreach (var (node, total) in epc.Mebibytes.Where(section => section.Value > 0).OrderBy(section => section.Key))
        {
            // Host enclaves take pages of the first node until it is full.
            var reservedHere = Math.Min(reserved, total);
            reserved -= reservedHere;
            if (!sections.TryGetValue(node, out var provider))
            {
                provider = await placement.CreateProviderAsync(Epc.ProviderName(host, node), root.Uuid, cancellation).ConfigureAwait(false);
                changes.Add($"made provider {provider.Name}");
            }
            var wanted = new Inventory(total, reservedHere, 1, total, 1, 1.0);
            var known = await placement.GetInventoriesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
            if (known.Inventories.GetValueOrDefault(Epc.ResourceClass) != wanted)
            {
                await SetAsync(provider.Uuid, known, wanted, cancellation).ConfigureAwait(false);
                changes.Add($"published {total} MiB of EPC on node {node}, {reservedHere} MiB of it reserved");
            }
            await EnsureTraitsAsync(provider.Uuid, [Epc.SectionTrait], [], changes, cancellation).ConfigureAwait(false);
            claimed[node] = (await placement.GetUsagesAsync(provider.Uuid, cancellation).ConfigureAwait(false)).GetValueOrDefault(Epc.ResourceClass);
        }
        Claimed = claimed;
    }

    private Task SetAsync(Guid section, ProviderInventories known, Inventory inventory, CancellationToken cancellation) =>
        placement.SetInventoriesAsync(section, known with { Inventories = new Dictionary<string, Inventory> { [Epc.ResourceClass] = inventory } }, cancellation);

    // A section that is gone, for example because the firmware gives it less: guests that hold it keep their claim until they are deleted.
    private async Task WithdrawAsync(ResourceProvider section, List<string> changes, CancellationToken cancellation)
    {
        if ((await placement.GetUsagesAsync(section.Uuid, cancellation).ConfigureAwait(false)).Values.Sum() == 0)
        {
            await placement.DeleteProviderAsync(section.Uuid, cancellation).ConfigureAwait(false);
            changes.Add($"removed provider {section.Name}");
            return;
        }
        var known = await placement.GetInventoriesAsync(section.Uuid, cancellation).ConfigureAwait(false);
        if (known.Inventories.TryGetValue(Epc.ResourceClass, out var inventory) && inventory.Reserved != inventory.Total)
        {
            await SetAsync(section.Uuid, known, inventory with { Reserved = inventory.Total }, cancellation).ConfigureAwait(false);
            changes.Add($"reserved all of {section.Name}, whose section is gone while guests hold it");
        }
    }

    private Task PublishTraitsAsync(Guid root, HostEpc epc, List<string> changes, CancellationToken cancellation)
    {
        var hasEpc = epc.Mebibytes.Values.Sum() > 0;
        (string Trait, bool IsWanted)[] all = [(Epc.SgxTrait, hasEpc), (Epc.FlcTrait, hasEpc && epc.HasFlc), (Epc.Sgx2Trait, hasEpc && epc.HasSgx2), (Epc.HealthyTrait, hasEpc && epc.IsHealthy)];
        return EnsureTraitsAsync(
            root, [.. all.Where(trait => trait.IsWanted).Select(trait => trait.Trait)], [.. all.Where(trait => !trait.IsWanted).Select(trait => trait.Trait)], changes, cancellation);
    }

    // Others' traits stay: the set is replaced as a whole, on the generation that was read.
    private async Task EnsureTraitsAsync(Guid provider, string[] wanted, string[] unwanted, List<string> changes, CancellationToken cancellation)
    {
        var known = await placement.GetTraitsAsync(provider, cancellation).ConfigureAwait(false);
        var (added, removed) = (wanted.Except(known.Traits).ToList(), unwanted.Intersect(known.Traits).ToList());
        if (added.Count + removed.Count > 0)
        {
            await placement.SetTraitsAsync(provider, known with { Traits = [.. known.Traits.Except(removed), .. added] }, cancellation).ConfigureAwait(false);
            changes.AddRange(added.Select(trait => $"set trait {trait}"));
            changes.AddRange(removed.Select(trait => $"withdrew trait {trait}"));
        }
    }
}
