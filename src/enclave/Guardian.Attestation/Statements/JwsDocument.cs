using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Attestation.Statements;

/// <summary>RFC 7515, 7.2.2: flattened JSON serialisation; all members base64url.</summary>
internal sealed record JwsDocument(
    [property: JsonPropertyName("payload")] string Payload,
    [property: JsonPropertyName("protected")] string Protected,
    [property: JsonPropertyName("signature")] string Signature);

/// <summary>The protected header of a statement.</summary>
internal sealed record StatementHeader(
    [property: JsonPropertyName("alg")] string Algorithm,
    [property: JsonPropertyName("typ")] string Type,
    [property: JsonPropertyName("jwk")] JsonWebKey Key,
    [property: JsonPropertyName("guardian-quote")] string Quote,
    [property: JsonPropertyName("guardian-evidence")] string Evidence);

/// <summary>RFC 7518, 6.2: a P-256 public key.</summary>
internal sealed record JsonWebKey(
    [property: JsonPropertyName("crv")] string Curve,
    [property: JsonPropertyName("kty")] string KeyType,
    [property: JsonPropertyName("x")] string X,
    [property: JsonPropertyName("y")] string Y);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(JwsDocument))]
[JsonSerializable(typeof(StatementHeader))]
internal sealed partial class StatementJson : JsonSerializerContext;
