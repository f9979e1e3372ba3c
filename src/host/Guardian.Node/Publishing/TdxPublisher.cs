using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>Publishes a host's TDX keys. They are a provider of their own below the host's, as in Nova 2026.2.</summary>
/// <param name="placement">Placement.</param>
/// <param name="seen">The providers that are as they should be.</param>
/// <param name="withdrawal">Takes back keys that are offered no more.</param>
internal sealed class TdxPublisher(PlacementClient placement, SeenProviders seen, Withdrawal withdrawal)
{
    private bool hasName;

    /// <summary>Makes Placement show the keys as they are.</summary>
    /// <param name="root">The host's own provider.</param>
    /// <param name="tree">The host's providers, as Placement has them.</param>
    /// <param name="keys">The number of keys; 0 when the host offers none.</param>
    /// <param name="changes">Receives a line for each change.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task PublishAsync(
        ResourceProvider root, IReadOnlyList<ResourceProvider> tree, long keys, List<string> changes, CancellationToken cancellation)
    {
        var name = Tdx.MakeProviderName(root.Name);
        var provider = tree.FirstOrDefault(provider => provider.Name == name);
        if (provider is null ? keys == 0 : seen.IsCurrent(provider))
        {
            return;
        }
        if (keys == 0)
        {
            await withdrawal.RunAsync(provider!, changes, cancellation).ConfigureAwait(false);
            return;
        }
        if (!hasName)
        {
            await placement.EnsureResourceClassAsync(Tdx.ResourceClass, cancellation).ConfigureAwait(false);
            hasName = true;
        }
        if (provider is null)
        {
            provider = await placement.CreateProviderAsync(name, root.Uuid, cancellation).ConfigureAwait(false);
            changes.Add($"made provider {name}");
        }
        // A guest has one key.
        var wanted = new Inventory(keys, 0, 1, 1, 1, 1.0);
        var known = await placement.GetInventoriesAsync(provider.Uuid, cancellation).ConfigureAwait(false);
        if (known.Inventories.GetValueOrDefault(Tdx.ResourceClass) != wanted)
        {
            var all = new Dictionary<string, Inventory> { [Tdx.ResourceClass] = wanted };
            await placement.SetInventoriesAsync(provider.Uuid, known with { Inventories = all }, cancellation).ConfigureAwait(false);
            changes.Add($"published {keys} TDX keys");
        }
    }
}
