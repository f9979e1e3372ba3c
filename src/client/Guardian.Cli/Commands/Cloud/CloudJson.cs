using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CloudSetupResult))]
[JsonSerializable(typeof(CloudStatusResult))]
[JsonSerializable(typeof(CloudQuotaResult))]
[JsonSerializable(typeof(CloudDrainResult))]
[JsonSerializable(typeof(CloudCapacityResult))]
[JsonSerializable(typeof(UsageResult))]
[JsonSerializable(typeof(UsageListResult))]
[JsonSerializable(typeof(UsageNamespacesResult))]
[JsonSerializable(typeof(UsageServersResult))]
internal sealed partial class CloudJson : JsonSerializerContext;
