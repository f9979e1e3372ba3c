using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QuoteShowResult))]
[JsonSerializable(typeof(QuoteVerifyResult))]
[JsonSerializable(typeof(CollateralFetchResult))]
[JsonSerializable(typeof(CollateralShowResult))]
[JsonSerializable(typeof(FileResult))]
[JsonSerializable(typeof(QuoteForecastResult))]
internal sealed partial class QuotesJson : JsonSerializerContext;
