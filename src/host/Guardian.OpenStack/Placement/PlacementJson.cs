using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Placement;

internal sealed record ProviderList(IReadOnlyList<ResourceProvider> ResourceProviders);

internal sealed record NewProvider(string Name, Guid? ParentProviderUuid);

internal sealed record ProviderUsages(IReadOnlyDictionary<string, long> Usages);

internal sealed record ProviderAllocations([property: JsonRequired] IReadOnlyDictionary<Guid, Amounts> Allocations);

internal sealed record AllocationCandidates(IReadOnlyDictionary<Guid, ProviderSummary> ProviderSummaries);

internal sealed record TraitList(IReadOnlyList<string> Traits);

internal sealed record ResourceClass(string Name);

internal sealed record ResourceClassList(IReadOnlyList<ResourceClass> ResourceClasses);

/// <summary>Placement's JSON; members that we do not know are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProviderList))]
[JsonSerializable(typeof(ResourceProvider))]
[JsonSerializable(typeof(NewProvider))]
[JsonSerializable(typeof(ProviderInventories))]
[JsonSerializable(typeof(ProviderTraits))]
[JsonSerializable(typeof(ProviderUsages))]
[JsonSerializable(typeof(ProviderAllocations))]
[JsonSerializable(typeof(ConsumerAllocations))]
[JsonSerializable(typeof(AllocationCandidates))]
[JsonSerializable(typeof(TraitList))]
[JsonSerializable(typeof(ResourceClassList))]
internal sealed partial class PlacementJson : JsonSerializerContext;
