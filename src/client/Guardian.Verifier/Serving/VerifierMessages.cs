using System.Text.Json.Serialization;

namespace Guardian.Verifier.Serving;

/// <summary>A nonce for an attester.</summary>
/// <param name="Nonce">32 bytes, base64url.</param>
/// <param name="Expires">The end of its life, RFC 3339.</param>
internal sealed record NonceAnswer(string Nonce, DateTimeOffset Expires);

/// <summary>The state of the service.</summary>
/// <param name="Status">Always <c>ok</c>: the service has nothing that it waits for.</param>
internal sealed record HealthAnswer(string Status);

/// <summary>A refusal (RFC 9457).</summary>
/// <param name="Reason">The reason's word.</param>
/// <param name="Status">The status of HTTP.</param>
/// <param name="Detail">The sentence for people.</param>
/// <param name="Stage">The first stage of the verification that failed; null for another refusal.</param>
/// <param name="Remedy">The step that fixes it; null if there is none.</param>
internal sealed record VerifierProblem(string Reason, int Status, string Detail, string? Stage, string? Remedy);

/// <summary>Source-generated JSON of answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NonceAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(VerifierProblem))]
internal sealed partial class AnswerJson : JsonSerializerContext;
