using System.Text.Json.Serialization.Metadata;

namespace Guardian.OpenStack.Placement;

/// <summary>Placement: who has how much of what, and who claimed it. Every call throws <see cref="OpenStackException"/>. Thread-safe.</summary>
public sealed class PlacementClient(CloudSession session)
{
    /// <summary>All providers, or those of one name.</summary>
    public async Task<IReadOnlyList<ResourceProvider>> ListProvidersAsync(string? name = null, CancellationToken cancellation = default) =>
        (await GetAsync(name is null ? "resource_providers" : $"resource_providers?name={Uri.EscapeDataString(name)}", CloudJson.Default.ProviderList, cancellation).ConfigureAwait(false)).ResourceProviders;

    /// <summary>The providers that have a trait.</summary>
    public async Task<IReadOnlyList<ResourceProvider>> ListProvidersWithAsync(string trait, CancellationToken cancellation = default) =>
        (await GetAsync($"resource_providers?required={trait}", CloudJson.Default.ProviderList, cancellation).ConfigureAwait(false)).ResourceProviders;

    /// <summary>A host's provider and all below it.</summary>
    public async Task<IReadOnlyList<ResourceProvider>> ListTreeAsync(Guid root, CancellationToken cancellation = default) =>
        (await GetAsync($"resource_providers?in_tree={root}", CloudJson.Default.ProviderList, cancellation).ConfigureAwait(false)).ResourceProviders;

    /// <summary>One provider.</summary>
    public Task<ResourceProvider> GetProviderAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}", CloudJson.Default.ResourceProvider, cancellation);

    /// <summary>Makes a provider below another.</summary>
    /// <returns>The provider, as Placement keeps it.</returns>
    public Task<ResourceProvider> CreateProviderAsync(string name, Guid? parent, CancellationToken cancellation = default) => session.SendAsync(
        ServiceRequest.Create(ServiceKind.Placement, HttpMethod.Post, "resource_providers", new NewProvider(name, parent), CloudJson.Default.NewProvider),
        CloudJson.Default.ResourceProvider, cancellation);

    /// <summary>Removes a provider that nobody uses.</summary>
    public Task DeleteProviderAsync(Guid provider, CancellationToken cancellation = default) => SendAsync(HttpMethod.Delete, $"resource_providers/{provider}", cancellation);

    /// <summary>What a provider has.</summary>
    public Task<ProviderInventories> GetInventoriesAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}/inventories", CloudJson.Default.ProviderInventories, cancellation);

    /// <summary>Replaces all that a provider has.</summary>
    /// <param name="inventories">With the generation that was read; a conflict says that somebody was faster.</param>
    public Task SetInventoriesAsync(Guid provider, ProviderInventories inventories, CancellationToken cancellation = default) => session.SendAsync(
        ServiceRequest.Create(ServiceKind.Placement, HttpMethod.Put, $"resource_providers/{provider}/inventories", inventories, CloudJson.Default.ProviderInventories), cancellation);

    /// <summary>What a provider is.</summary>
    public Task<ProviderTraits> GetTraitsAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}/traits", CloudJson.Default.ProviderTraits, cancellation);

    /// <summary>Replaces all of a provider's traits.</summary>
    public Task SetTraitsAsync(Guid provider, ProviderTraits traits, CancellationToken cancellation = default) => session.SendAsync(
        ServiceRequest.Create(ServiceKind.Placement, HttpMethod.Put, $"resource_providers/{provider}/traits", traits, CloudJson.Default.ProviderTraits), cancellation);

    /// <summary>The traits that begin so, out of all that Placement knows.</summary>
    public async Task<IReadOnlyList<string>> ListTraitsAsync(string prefix, CancellationToken cancellation = default) =>
        (await GetAsync($"traits?name=startswith:{prefix}", CloudJson.Default.TraitList, cancellation).ConfigureAwait(false)).Traits;

    /// <summary>All resource classes that Placement knows.</summary>
    public async Task<IReadOnlyList<string>> ListResourceClassesAsync(CancellationToken cancellation = default) =>
        [.. (await GetAsync("resource_classes", CloudJson.Default.ResourceClassList, cancellation).ConfigureAwait(false)).ResourceClasses.Select(known => known.Name)];

    /// <summary>Makes a trait of our own known; harmless when it is.</summary>
    public Task EnsureTraitAsync(string trait, CancellationToken cancellation = default) => SendAsync(HttpMethod.Put, $"traits/{trait}", cancellation);

    /// <summary>Makes a resource class of our own known; harmless when it is.</summary>
    public Task EnsureResourceClassAsync(string resourceClass, CancellationToken cancellation = default) => SendAsync(HttpMethod.Put, $"resource_classes/{resourceClass}", cancellation);

    /// <summary>How much of a provider is claimed, by class.</summary>
    public async Task<IReadOnlyDictionary<string, long>> GetUsagesAsync(Guid provider, CancellationToken cancellation = default) =>
        (await GetAsync($"resource_providers/{provider}/usages", CloudJson.Default.ProviderUsages, cancellation).ConfigureAwait(false)).Usages;

    /// <summary>Who claimed how much of a provider. Consumers are instances, and migrations that hold their source.</summary>
    public async Task<IReadOnlyDictionary<Guid, Amounts>> GetProviderAllocationsAsync(Guid provider, CancellationToken cancellation = default) =>
        (await GetAsync($"resource_providers/{provider}/allocations", CloudJson.Default.ProviderAllocations, cancellation).ConfigureAwait(false)).Allocations;

    /// <summary>What an instance claimed; empty when it is unknown.</summary>
    public Task<ConsumerAllocations> GetAllocationsAsync(Guid consumer, CancellationToken cancellation = default) =>
        GetAsync($"allocations/{consumer}", CloudJson.Default.ConsumerAllocations, cancellation);

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(new ServiceRequest(ServiceKind.Placement, HttpMethod.Get, path), type, cancellation);

    private Task<byte[]> SendAsync(HttpMethod method, string path, CancellationToken cancellation) =>
        // Placement answers a PUT without length with 411 behind some servers.
        session.SendAsync(new ServiceRequest(ServiceKind.Placement, method, path, method == HttpMethod.Put ? [] : null), cancellation);
}
