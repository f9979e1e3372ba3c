using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EnclaveMeasureResult))]
[JsonSerializable(typeof(EnclaveShowResult))]
[JsonSerializable(typeof(ProgramsMeasureResult))]
internal sealed partial class EnclavesJson : JsonSerializerContext;
