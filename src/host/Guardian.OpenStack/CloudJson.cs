using System.Text.Json.Serialization;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;

namespace Guardian.OpenStack;

internal sealed record TokenAnswer(TokenContent Token);

internal sealed record TokenContent(DateTimeOffset ExpiresAt, TokenProject? Project = null, IReadOnlyList<CatalogEntry>? Catalog = null);

internal sealed record TokenProject(string Id);

internal sealed record CatalogEntry(string Type, IReadOnlyList<CatalogEndpoint> Endpoints);

internal sealed record CatalogEndpoint(string Interface, string Url, string? Region = null, string? RegionId = null);

/// <summary>The services' own JSON: members that we do not know are theirs to add.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(ProviderList))]
[JsonSerializable(typeof(ResourceProvider))]
[JsonSerializable(typeof(NewProvider))]
[JsonSerializable(typeof(ProviderInventories))]
[JsonSerializable(typeof(ProviderTraits))]
[JsonSerializable(typeof(ProviderUsages))]
[JsonSerializable(typeof(ProviderAllocations))]
[JsonSerializable(typeof(ConsumerAllocations))]
[JsonSerializable(typeof(TraitList))]
[JsonSerializable(typeof(ResourceClassList))]
[JsonSerializable(typeof(FlavorList))]
[JsonSerializable(typeof(FlavorAnswer))]
[JsonSerializable(typeof(NewFlavorRequest))]
[JsonSerializable(typeof(ExtraSpecs))]
[JsonSerializable(typeof(AggregateList))]
[JsonSerializable(typeof(AggregateAnswer))]
[JsonSerializable(typeof(NewAggregateRequest))]
[JsonSerializable(typeof(AddHostRequest))]
[JsonSerializable(typeof(SetMetadataRequest))]
[JsonSerializable(typeof(HypervisorList))]
[JsonSerializable(typeof(ServerList))]
[JsonSerializable(typeof(MigrationList))]
[JsonSerializable(typeof(ServerActionList))]
[JsonSerializable(typeof(UsageAnswer))]
[JsonSerializable(typeof(UsageList))]
[JsonSerializable(typeof(ProjectList))]
internal sealed partial class CloudJson : JsonSerializerContext;
