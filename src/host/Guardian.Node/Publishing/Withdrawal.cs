using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>Takes back what a host offers no more. Guests keep their claims on it until they are deleted.</summary>
/// <param name="placement">Placement.</param>
internal sealed class Withdrawal(PlacementClient placement)
{
    /// <summary>Removes a provider, or reserves all of it while guests hold some.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="changes">Receives a line when something changed.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task RunAsync(ResourceProvider provider, List<string> changes, CancellationToken cancellation)
    {
        if ((await placement.GetUsagesAsync(provider.Uuid, cancellation).ConfigureAwait(false)).Values.Sum() == 0)
        {
            await placement.DeleteProviderAsync(provider.Uuid, cancellation).ConfigureAwait(false);
            changes.Add($"removed provider {provider.Name}");
            return;
        }
        var known = await placement.GetInventoriesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
        if (known.Inventories.Values.Any(inventory => inventory.Reserved != inventory.Total))
        {
            var reserved = known.Inventories.ToDictionary(each => each.Key, each => each.Value with { Reserved = each.Value.Total });
            await placement.SetInventoriesAsync(provider.Uuid, known with { Inventories = reserved }, cancellation).ConfigureAwait(false);
            changes.Add($"reserved all of {provider.Name}, which the host offers no more while guests hold it");
        }
    }
}
