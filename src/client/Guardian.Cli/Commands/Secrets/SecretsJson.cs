using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cli.Commands.Secrets;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SecretList))]
[JsonSerializable(typeof(SecretSetResult))]
[JsonSerializable(typeof(SecretReadResult))]
[JsonSerializable(typeof(FileResult))]
internal sealed partial class SecretsJson : JsonSerializerContext;
