using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>Takes back what a host offers no more. Guests keep their claims on it until they are deleted.</summary>
/// <param name="placement">Placement.</param>
/// <param name="seen">The providers that are as they should be.</param>
/// <remarks>
/// A provider stays, without inventory. nova-compute remembers the providers below its host's for five minutes, and builds and deletes
/// no server when Placement lacks one of them (get_allocations_for_provider_tree in nova/scheduler/client/report.py).
/// </remarks>
internal sealed class Withdrawal(PlacementClient placement, SeenProviders seen)
{
    /// <summary>Removes a provider's inventory, or reserves all of it while guests hold some.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="changes">Receives a line when something changed.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task RunAsync(ResourceProvider provider, List<string> changes, CancellationToken cancellation)
    {
        if (seen.IsCurrent(provider))
        {
            return;
        }
        var known = await placement.GetInventoriesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
        if (known.Inventories.Count == 0)
        {
            return;
        }
        var usages = await placement.GetUsagesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
        if (usages.Values.Sum() == 0)
        {
            var none = known with { Inventories = new Dictionary<string, Inventory>() };
            await placement.SetInventoriesAsync(provider.Uuid, none, cancellation).ConfigureAwait(false);
            changes.Add($"removed the inventory of {provider.Name}");
        }
        else if (known.Inventories.Values.Any(inventory => inventory.Reserved != inventory.Total))
        {
            var reserved = known.Inventories.ToDictionary(each => each.Key, each => each.Value with { Reserved = each.Value.Total });
            await placement.SetInventoriesAsync(provider.Uuid, known with { Inventories = reserved }, cancellation).ConfigureAwait(false);
            changes.Add($"reserved all of {provider.Name}, which the host offers no more while guests hold it");
        }
    }
}
