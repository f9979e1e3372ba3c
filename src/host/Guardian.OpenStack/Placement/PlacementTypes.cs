using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Placement;

/// <summary>Something that has resources: a compute host, or a part of one.</summary>
/// <param name="Generation">Rises with each change; a change made on an old generation is refused.</param>
/// <param name="RootProviderUuid">The host it belongs to; itself for a host.</param>
public sealed record ResourceProvider(Guid Uuid, string Name, long Generation, Guid? ParentProviderUuid, Guid RootProviderUuid);

/// <summary>How much of one class a provider has.</summary>
/// <param name="Total">In the class's unit; mebibytes for EPC.</param>
/// <param name="Reserved">Not for guests.</param>
public sealed record Inventory(long Total, long Reserved, long MinUnit, long MaxUnit, long StepSize, double AllocationRatio);

/// <summary>A provider's inventories by class, as of a generation.</summary>
public sealed record ProviderInventories(long ResourceProviderGeneration, IReadOnlyDictionary<string, Inventory> Inventories);

/// <summary>A provider's traits, as of a generation.</summary>
public sealed record ProviderTraits(long ResourceProviderGeneration, IReadOnlyList<string> Traits);

/// <summary>Amounts by class.</summary>
public sealed record Amounts(IReadOnlyDictionary<string, long> Resources);

/// <summary>What an instance has claimed, by provider.</summary>
/// <param name="ProjectId">Absent when nothing is claimed.</param>
public sealed record ConsumerAllocations(IReadOnlyDictionary<Guid, Amounts> Allocations, string? ProjectId = null);

internal sealed record ProviderList(IReadOnlyList<ResourceProvider> ResourceProviders);

internal sealed record NewProvider(string Name, Guid? ParentProviderUuid);

internal sealed record ProviderUsages(IReadOnlyDictionary<string, long> Usages);

internal sealed record ProviderAllocations([property: JsonRequired] IReadOnlyDictionary<Guid, Amounts> Allocations);

internal sealed record TraitList(IReadOnlyList<string> Traits);

internal sealed record ResourceClass(string Name);

internal sealed record ResourceClassList(IReadOnlyList<ResourceClass> ResourceClasses);
