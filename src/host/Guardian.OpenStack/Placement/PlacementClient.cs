using System.Text.Json.Serialization.Metadata;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.OpenStack.Placement;

/// <summary>Calls Placement: the resources of providers, and the claims of consumers.</summary>
/// <param name="session">The way into the cloud.</param>
/// <remarks>Thread-safe. Every call throws <see cref="RefusedException"/> with a reason of <see cref="CloudReasons"/>.</remarks>
public sealed class PlacementClient(CloudSession session)
{
    /// <summary>Lists all providers, or those of one name.</summary>
    public Task<IReadOnlyList<ResourceProvider>> ListProvidersAsync(string? name = null, CancellationToken cancellation = default) =>
        ListAsync(name is null ? "resource_providers" : $"resource_providers?name={Uri.EscapeDataString(name)}", cancellation);

    /// <summary>Lists the providers that have a trait.</summary>
    internal Task<IReadOnlyList<ResourceProvider>> ListProvidersWithAsync(string trait, CancellationToken cancellation = default) =>
        ListAsync($"resource_providers?required={trait}", cancellation);

    /// <summary>Lists a host's provider and all providers below it.</summary>
    public Task<IReadOnlyList<ResourceProvider>> ListTreeAsync(Guid root, CancellationToken cancellation = default) =>
        ListAsync($"resource_providers?in_tree={root}", cancellation);

    /// <summary>Reads one provider.</summary>
    internal Task<ResourceProvider> GetProviderAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}", PlacementJson.Default.ResourceProvider, cancellation);

    /// <summary>Creates a provider below another.</summary>
    /// <returns>The provider, as Placement keeps it.</returns>
    public Task<ResourceProvider> CreateProviderAsync(string name, Guid? parent, CancellationToken cancellation = default)
    {
        var request = ServiceRequest.Create(
            ServiceKind.Placement, HttpMethod.Post, "resource_providers", new NewProvider(name, parent), PlacementJson.Default.NewProvider);
        return session.SendAsync(request, PlacementJson.Default.ResourceProvider, cancellation);
    }

    /// <summary>Reads a provider's inventories.</summary>
    public Task<ProviderInventories> GetInventoriesAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}/inventories", PlacementJson.Default.ProviderInventories, cancellation);

    /// <summary>Replaces all inventories of a provider.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="inventories">The inventories, with the generation that was read; <see cref="CloudReasons.Conflict"/> means that
    /// somebody else was faster.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task SetInventoriesAsync(Guid provider, ProviderInventories inventories, CancellationToken cancellation = default) =>
        PutAsync($"resource_providers/{provider}/inventories", inventories, PlacementJson.Default.ProviderInventories, cancellation);

    /// <summary>Reads a provider's traits.</summary>
    public Task<ProviderTraits> GetTraitsAsync(Guid provider, CancellationToken cancellation = default) =>
        GetAsync($"resource_providers/{provider}/traits", PlacementJson.Default.ProviderTraits, cancellation);

    /// <summary>Replaces all traits of a provider.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="traits">The traits, with the generation that was read; <see cref="CloudReasons.Conflict"/> means that somebody else
    /// was faster.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task SetTraitsAsync(Guid provider, ProviderTraits traits, CancellationToken cancellation = default) =>
        PutAsync($"resource_providers/{provider}/traits", traits, PlacementJson.Default.ProviderTraits, cancellation);

    /// <summary>
    /// Reads all providers of the hosts on which at least 1 MiB of EPC is free, in one request. Hosts without free EPC are absent.
    /// </summary>
    internal async Task<IReadOnlyDictionary<Guid, ProviderSummary>> ListSummariesAsync(CancellationToken cancellation = default)
    {
        var path = $"allocation_candidates?resources={Epc.ResourceClass}:1";
        return (await GetAsync(path, PlacementJson.Default.AllocationCandidates, cancellation).ConfigureAwait(false)).ProviderSummaries;
    }

    /// <summary>Lists the traits with a prefix, out of all that Placement knows.</summary>
    internal async Task<IReadOnlyList<string>> ListTraitsAsync(string prefix, CancellationToken cancellation = default)
    {
        var path = $"traits?name=startswith:{prefix}";
        return (await GetAsync(path, PlacementJson.Default.TraitList, cancellation).ConfigureAwait(false)).Traits;
    }

    /// <summary>Lists all resource classes that Placement knows.</summary>
    internal async Task<IReadOnlyList<string>> ListResourceClassesAsync(CancellationToken cancellation = default)
    {
        var answer = await GetAsync("resource_classes", PlacementJson.Default.ResourceClassList, cancellation).ConfigureAwait(false);
        return [.. answer.ResourceClasses.Select(known => known.Name)];
    }

    /// <summary>Creates a custom trait; does nothing when it exists.</summary>
    public Task EnsureTraitAsync(string trait, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, $"traits/{trait}", cancellation);

    /// <summary>Creates a custom resource class; does nothing when it exists.</summary>
    public Task EnsureResourceClassAsync(string resourceClass, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, $"resource_classes/{resourceClass}", cancellation);

    /// <summary>Reads how much of a provider is claimed, by resource class.</summary>
    public async Task<IReadOnlyDictionary<string, long>> GetUsagesAsync(Guid provider, CancellationToken cancellation = default)
    {
        var path = $"resource_providers/{provider}/usages";
        return (await GetAsync(path, PlacementJson.Default.ProviderUsages, cancellation).ConfigureAwait(false)).Usages;
    }

    /// <summary>Reads the claims on a provider, by consumer: servers, and migrations that hold their source.</summary>
    internal async Task<IReadOnlyDictionary<Guid, Amounts>> GetProviderAllocationsAsync(
        Guid provider, CancellationToken cancellation = default)
    {
        var path = $"resource_providers/{provider}/allocations";
        return (await GetAsync(path, PlacementJson.Default.ProviderAllocations, cancellation).ConfigureAwait(false)).Allocations;
    }

    /// <summary>Reads the claims of a consumer; empty when it is unknown.</summary>
    internal Task<ConsumerAllocations> GetAllocationsAsync(Guid consumer, CancellationToken cancellation = default) =>
        GetAsync($"allocations/{consumer}", PlacementJson.Default.ConsumerAllocations, cancellation);

    private async Task<IReadOnlyList<ResourceProvider>> ListAsync(string path, CancellationToken cancellation) =>
        (await GetAsync(path, PlacementJson.Default.ProviderList, cancellation).ConfigureAwait(false)).ResourceProviders;

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(new ServiceRequest(ServiceKind.Placement, HttpMethod.Get, path), type, cancellation);

    private Task<byte[]> PutAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(ServiceRequest.Create(ServiceKind.Placement, HttpMethod.Put, path, body, type), cancellation);

    // Behind some servers Placement answers a PUT without length with 411.
    private Task<byte[]> SendAsync(HttpMethod method, string path, CancellationToken cancellation) =>
        session.SendAsync(new ServiceRequest(ServiceKind.Placement, method, path, method == HttpMethod.Put ? [] : null), cancellation);
}
