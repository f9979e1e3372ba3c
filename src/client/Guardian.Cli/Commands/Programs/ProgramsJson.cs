using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImagePackResult))]
[JsonSerializable(typeof(ImageShowResult))]
[JsonSerializable(typeof(ImageTreeResult))]
[JsonSerializable(typeof(ProgramBuildResult))]
[JsonSerializable(typeof(ProgramCompileResult))]
[JsonSerializable(typeof(StdioLine))]
internal sealed partial class ProgramsJson : JsonSerializerContext;
