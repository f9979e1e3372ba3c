using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Session;

internal sealed record TokenAnswer(TokenContent Token);

internal sealed record TokenContent(DateTimeOffset ExpiresAt, TokenProject? Project = null, IReadOnlyList<CatalogEntry>? Catalog = null);

internal sealed record TokenProject(string Id);

internal sealed record CatalogEntry(string Type, IReadOnlyList<CatalogEndpoint> Endpoints);

internal sealed record CatalogEndpoint(string Interface, string Url, string? Region = null, string? RegionId = null);

/// <summary>Keystone's JSON of tokens; members that we do not know are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class TokenJson : JsonSerializerContext;
