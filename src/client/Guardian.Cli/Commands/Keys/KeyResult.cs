using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Identity;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Keys;

/// <summary>The result of <c>key create</c> and <c>key show</c>.</summary>
/// <param name="PublicKey">Base64, as contracts and sessions name a key.</param>
internal sealed record KeyResult(string PublicKey)
{
    public static int Show(IdentityKey key, Terminal terminal)
    {
        terminal.Show(new KeyResult(key.PublicKey), KeysJson.Default.KeyResult, people => people.WriteLine(key.PublicKey));
        return ExitCode.Done;
    }
}

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KeyResult))]
internal sealed partial class KeysJson : JsonSerializerContext;
