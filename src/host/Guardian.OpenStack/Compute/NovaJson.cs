using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Compute;

internal sealed record Link(string Rel, string Href);

internal sealed record FlavorList(IReadOnlyList<Flavor> Flavors, IReadOnlyList<Link>? FlavorsLinks = null);

internal sealed record FlavorAnswer(Flavor Flavor);

internal sealed record NewFlavor(string Name, int Vcpus, int Ram, int Disk);

internal sealed record NewFlavorRequest(NewFlavor Flavor);

internal sealed record ExtraSpecs([property: JsonPropertyName("extra_specs")] IReadOnlyDictionary<string, string> Values);

internal sealed record AggregateList(IReadOnlyList<Aggregate> Aggregates);

internal sealed record AggregateAnswer(Aggregate Aggregate);

internal sealed record NewAggregate(string Name);

internal sealed record NewAggregateRequest(NewAggregate Aggregate);

internal sealed record AddHost(string Host);

internal sealed record AddHostRequest(AddHost AddHost);

internal sealed record SetMetadata(IReadOnlyDictionary<string, string> Metadata);

internal sealed record SetMetadataRequest(SetMetadata SetMetadata);

internal sealed record HypervisorList(IReadOnlyList<Hypervisor> Hypervisors, IReadOnlyList<Link>? HypervisorsLinks = null);

internal sealed record ServerList(IReadOnlyList<Server> Servers, IReadOnlyList<Link>? ServersLinks = null);

internal sealed record ServerAnswer(Server Server);

internal sealed record ServiceList(IReadOnlyList<ComputeService> Services);

internal sealed record ServiceChange(string Status, string? DisabledReason);

internal sealed record MigrationList(IReadOnlyList<Migration> Migrations, IReadOnlyList<Link>? MigrationsLinks = null);

internal sealed record ServerActionList([property: JsonPropertyName("instanceActions")] IReadOnlyList<ServerAction> Actions);

internal sealed record UsageAnswer(ProjectUsageOrEmpty TenantUsage, IReadOnlyList<Link>? TenantUsageLinks = null);

/// <summary>A project's usage; Nova answers an empty object for a project that used nothing.</summary>
internal sealed record ProjectUsageOrEmpty(
    string? TenantId = null, double TotalVcpusUsage = 0, double TotalMemoryMbUsage = 0, double TotalLocalGbUsage = 0,
    double TotalHours = 0, IReadOnlyList<ServerUsage>? ServerUsages = null);

internal sealed record UsageList(IReadOnlyList<ProjectUsage> TenantUsages, IReadOnlyList<Link>? TenantUsagesLinks = null);

internal sealed record ProjectList(IReadOnlyList<Project> Projects);

/// <summary>Nova's JSON; members that we do not know are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
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
[JsonSerializable(typeof(ServerAnswer))]
[JsonSerializable(typeof(ServiceList))]
[JsonSerializable(typeof(ServiceChange))]
[JsonSerializable(typeof(MigrationList))]
[JsonSerializable(typeof(ServerActionList))]
[JsonSerializable(typeof(UsageAnswer))]
[JsonSerializable(typeof(UsageList))]
[JsonSerializable(typeof(ProjectList))]
internal sealed partial class NovaJson : JsonSerializerContext;
