using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Verifier;

/// <summary>The first result of <c>verifier start</c>.</summary>
/// <param name="Event">Always <c>listening</c>.</param>
/// <param name="Address">The address, <c>https://HOST:PORT</c>.</param>
/// <param name="KeyId">The <c>kid</c> of its tokens.</param>
/// <param name="PolicyId">The identifier of its policy.</param>
/// <param name="CertificatePin">The key of its certificate, as <c>curl --pinnedpubkey</c> takes it.</param>
internal sealed record VerifierListening(string Event, string Address, string KeyId, string PolicyId, string CertificatePin);

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VerifierListening))]
internal sealed partial class VerifierJson : JsonSerializerContext;
