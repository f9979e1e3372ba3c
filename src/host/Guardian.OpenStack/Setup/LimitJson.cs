using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Setup;

internal sealed record ServiceList(IReadOnlyList<KeystoneService> Services);

internal sealed record KeystoneService(string Id);

internal sealed record RegisteredLimitList(IReadOnlyList<RegisteredLimit> RegisteredLimits);

/// <summary>The limit of every project without one of its own.</summary>
internal sealed record RegisteredLimit(string Id, string ResourceName, long DefaultLimit, string? RegionId = null);

internal sealed record NewRegisteredLimit(string ServiceId, string? RegionId, string ResourceName, long DefaultLimit, string Description);

internal sealed record NewRegisteredLimits(IReadOnlyList<NewRegisteredLimit> RegisteredLimits);

internal sealed record RegisteredLimitChange(RegisteredLimitValue RegisteredLimit);

internal sealed record RegisteredLimitValue(long DefaultLimit);

internal sealed record LimitList(IReadOnlyList<Limit> Limits);

/// <summary>A project's own limit.</summary>
internal sealed record Limit(string Id, string? ProjectId, string ResourceName, long ResourceLimit, string? RegionId = null);

internal sealed record NewLimit(string ServiceId, string? RegionId, string ProjectId, string ResourceName, long ResourceLimit);

internal sealed record NewLimits(IReadOnlyList<NewLimit> Limits);

internal sealed record LimitChange(LimitValue Limit);

internal sealed record LimitValue(long ResourceLimit);

internal sealed record ProjectUsages(IReadOnlyDictionary<string, long> Usages);

/// <summary>Keystone's JSON of unified limits, and Placement's of a project's usage; members that we do not know are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ServiceList))]
[JsonSerializable(typeof(RegisteredLimitList))]
[JsonSerializable(typeof(NewRegisteredLimits))]
[JsonSerializable(typeof(RegisteredLimitChange))]
[JsonSerializable(typeof(LimitList))]
[JsonSerializable(typeof(NewLimits))]
[JsonSerializable(typeof(LimitChange))]
[JsonSerializable(typeof(ProjectUsages))]
internal sealed partial class LimitJson : JsonSerializerContext;
