using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Runtime.Images;

/// <summary>The layout's <c>index.json</c>. Somebody else wrote it, as the other documents here: any member may be missing.</summary>
/// <remarks>Its annotations name the image for tools that import it, and are outside its digest.</remarks>
internal sealed record OciIndex(int SchemaVersion, IReadOnlyList<OciDescriptor?>? Manifests, string? MediaType = null);

/// <summary>The digest, size and type of a blob.</summary>
internal sealed record OciDescriptor(
    string? MediaType, string? Digest, long Size, OciPlatform? Platform = null, IReadOnlyDictionary<string, string>? Annotations = null);

/// <summary>The platform that an image is made for.</summary>
internal sealed record OciPlatform(string Architecture, string Os);

/// <summary>A manifest.</summary>
internal sealed record OciManifest(
    int SchemaVersion, string? MediaType, OciDescriptor? Config, IReadOnlyList<OciDescriptor?>? Layers,
    IReadOnlyDictionary<string, string>? Annotations = null);

/// <summary>An image configuration.</summary>
internal sealed record OciConfig(string? Architecture, string? Os, OciExecution? Config, OciRootFs? Rootfs);

/// <summary>How a container of the image would start.</summary>
internal sealed record OciExecution(
    [property: JsonPropertyName("Entrypoint")] IReadOnlyList<string?>? Entrypoint,
    [property: JsonPropertyName("Cmd")] IReadOnlyList<string?>? Cmd = null);

/// <summary>Digests of the layers before compression.</summary>
internal sealed record OciRootFs(string? Type, [property: JsonPropertyName("diff_ids")] IReadOnlyList<string?>? DiffIds);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciIndex))]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciConfig))]
internal sealed partial class OciJson : JsonSerializerContext;
