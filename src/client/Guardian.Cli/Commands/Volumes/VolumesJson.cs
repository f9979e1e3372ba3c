using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Volumes;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VolumeCreateResult))]
[JsonSerializable(typeof(VolumeCopyResult))]
[JsonSerializable(typeof(VolumeListResult))]
[JsonSerializable(typeof(VolumeCheckResult))]
[JsonSerializable(typeof(VolumeRekeyResult))]
internal sealed partial class VolumesJson : JsonSerializerContext;
