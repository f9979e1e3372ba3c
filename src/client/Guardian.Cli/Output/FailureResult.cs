using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Refusals;

namespace Guardian.Cli.Output;

/// <summary>A refusal as <c>--json</c> prints it.</summary>
/// <param name="Error">The stable word of the reason.</param>
internal sealed record FailureResult(string Error, string Message, IReadOnlyList<string> Details, string? Hint)
{
    /// <summary>One line of JSON.</summary>
    public static string ToJson(Refusal refusal) =>
        JsonSerializer.Serialize(
            new FailureResult(refusal.Code, refusal.Detail, refusal.Problems, refusal.Remedy), OutputJson.Default.FailureResult);

    /// <summary>Writes the refusal for people.</summary>
    public static void WriteText(TextWriter error, Refusal refusal)
    {
        var text = new TextOutput(error, null);
        text.WriteLine($"guardian: error: {refusal.Detail}");
        foreach (var problem in refusal.Problems)
        {
            text.WriteLine($"  {problem}");
        }
        if (refusal.Remedy is not null)
        {
            text.WriteLine($"guardian: hint: {refusal.Remedy}");
        }
    }
}

/// <summary>Source-generated JSON of failures.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FailureResult))]
internal sealed partial class OutputJson : JsonSerializerContext;
