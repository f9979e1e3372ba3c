using System.Text.Json.Serialization;

namespace Guardian.Attestation.Policy;

internal sealed record EarHeader(
    [property: JsonPropertyName("alg")] string Algorithm,
    [property: JsonPropertyName("typ")] string Type,
    [property: JsonPropertyName("kid")] string KeyId);

/// <summary>The claims of a token (draft-ietf-rats-ear-04, 3).</summary>
internal sealed record EarClaims(
    [property: JsonPropertyName("eat_profile")] string Profile,
    [property: JsonPropertyName("iat")] long IssuedAt,
    [property: JsonPropertyName("nbf")] long NotBefore,
    [property: JsonPropertyName("exp")] long Expiry,
    [property: JsonPropertyName("eat_nonce")] string? Nonce,
    [property: JsonPropertyName("ear_verifier_id")] EarVerifier Verifier,
    [property: JsonPropertyName("submods")] IReadOnlyDictionary<string, EarSubmodule> Submodules);

internal sealed record EarVerifier(
    [property: JsonPropertyName("developer")] string Developer, [property: JsonPropertyName("build")] string Build);

/// <summary>The appraisal of one attester (3.1). Guardian's own claims are inside the two maps that the draft has for them.</summary>
internal sealed record EarSubmodule(
    [property: JsonPropertyName("ear_status")] string Status,
    [property: JsonPropertyName("ear_trustworthiness_vector")] TrustVector Vector,
    [property: JsonPropertyName("ear_appraisal_policy_ids")] IReadOnlyList<string> PolicyIds,
    [property: JsonPropertyName("eat_nonce")] string? Nonce,
    [property: JsonPropertyName("ear_attester_claims")] EarAttester Attester,
    [property: JsonPropertyName("ear_verifier_claims")] EarFindings Verifier);

internal sealed record EarAttester([property: JsonPropertyName("guardian.evidence")] EarEvidence Evidence);

internal sealed record EarEvidence(
    [property: JsonPropertyName("tee")] string Tee,
    [property: JsonPropertyName("platform")] string Platform,
    [property: JsonPropertyName("identity")] string Identity,
    [property: JsonPropertyName("debug")] bool IsDebug,
    [property: JsonPropertyName("reportData")] string ReportData,
    [property: JsonPropertyName("keySha256")] string? KeySha256);

internal sealed record EarFindings(
    [property: JsonPropertyName("guardian.freshness")] string? Freshness,
    [property: JsonPropertyName("guardian.root")] EarRoot Root,
    [property: JsonPropertyName("guardian.tcb")] EarTcb? Tcb,
    [property: JsonPropertyName("guardian.checks")] IReadOnlyList<EarCheck> Checks);

internal sealed record EarRoot(
    [property: JsonPropertyName("name")] string? Name,
    [property: JsonPropertyName("keySha256")] string KeySha256,
    [property: JsonPropertyName("isIntel")] bool? IsIntel,
    [property: JsonPropertyName("isAmd")] bool? IsAmd);

/// <summary>The platform's level: Intel's status, or the security versions that AMD certified.</summary>
internal sealed record EarTcb(
    [property: JsonPropertyName("collateralExpiry")] long CollateralExpiry,
    [property: JsonPropertyName("revocationChecked")] bool IsRevocationKnown)
{
    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("advisoryIds")]
    public IReadOnlyList<string>? AdvisoryIds { get; init; }

    [JsonPropertyName("date")]
    public string? Date { get; init; }

    [JsonPropertyName("tcbEvaluationDataNumber")]
    public int? EvaluationDataNumber { get; init; }

    [JsonPropertyName("qeEvaluationDataNumber")]
    public int? QeEvaluationDataNumber { get; init; }

    [JsonPropertyName("certified")]
    public string? Certified { get; init; }
}

internal sealed record EarCheck(
    [property: JsonPropertyName("rule")] string Rule,
    [property: JsonPropertyName("passed")] bool Passed,
    [property: JsonPropertyName("found")] string Found,
    [property: JsonPropertyName("accepted")] string Accepted);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EarHeader))]
[JsonSerializable(typeof(EarClaims))]
internal sealed partial class EarJson : JsonSerializerContext;
