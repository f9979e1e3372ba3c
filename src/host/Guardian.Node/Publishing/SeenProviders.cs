using Guardian.ComputeHost.Inventory;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>
/// Remembers which providers were as they should be, so that a host without changes costs Placement one request. A provider's generation
/// rises with each change of its inventory, traits or claims.
/// </summary>
internal sealed class SeenProviders
{
    private readonly Dictionary<Guid, long> generations = [];
    private HostEpc? last;

    /// <summary>Begins a publication. A host that changed makes all providers unknown.</summary>
    /// <param name="epc">The host as it is.</param>
    /// <param name="tree">Its providers, as Placement has them.</param>
    public void Begin(HostEpc epc, IReadOnlyList<ResourceProvider> tree)
    {
        // A provider that was added or removed may be one of the host's sections.
        if (last is null || !IsSame(last, epc) || !generations.Keys.ToHashSet().SetEquals(tree.Select(provider => provider.Uuid)))
        {
            generations.Clear();
        }
        last = epc;
    }

    /// <summary>Whether a provider was as it should be, and nobody has changed it since then.</summary>
    public bool IsCurrent(ResourceProvider provider) =>
        generations.TryGetValue(provider.Uuid, out var generation) && generation == provider.Generation;

    /// <summary>Ends a publication.</summary>
    /// <param name="tree">The providers, as they were before it.</param>
    /// <param name="isUnchanged">Whether all of them were as they should be.</param>
    public void End(IReadOnlyList<ResourceProvider> tree, bool isUnchanged)
    {
        generations.Clear();
        if (isUnchanged)
        {
            foreach (var provider in tree)
            {
                generations[provider.Uuid] = provider.Generation;
            }
        }
    }

    /// <summary>Forgets all, because a publication failed.</summary>
    public void Clear() => generations.Clear();

    // The record's own equality compares the sections by reference.
    private static bool IsSame(HostEpc one, HostEpc other) =>
        one with { Mebibytes = other.Mebibytes } == other && one.Mebibytes.Count == other.Mebibytes.Count
        && one.Mebibytes.All(section => other.Mebibytes.TryGetValue(section.Key, out var size) && size == section.Value);
}
