using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Policy;

/// <summary>
/// Attestation results for relying parties: an EAT Attestation Result (draft-ietf-rats-ear) as a JWT signed with ES256. It affirms only
/// what the policy checked, and names the policy, the root and the collateral. Thread-safe.
/// </summary>
public static class AttestationToken
{
    /// <summary>The time for which a token counts, from the instant of verification; less if the collateral expires earlier.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    // RFC 9711, 4.1: a nonce in JSON has 8 to 88 characters.
    private const int MinNonceLength = 8;
    private const int MaxNonceLength = 88;

    /// <summary>Whether a text can be a nonce: 8 to 88 printable characters of ASCII.</summary>
    /// <param name="text">The text.</param>
    public static bool IsNonce(string text) =>
        text is { Length: >= MinNonceLength and <= MaxNonceLength } && text.All(each => each is > ' ' and <= '~');

    /// <summary>Appraises a quote and makes a token of the result.</summary>
    /// <param name="quote">The quote.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="key">The verifier's key.</param>
    /// <param name="issuedAt">The present instant.</param>
    /// <param name="nonce">The nonce of the party that asked for the token; null if there is none.</param>
    /// <returns>The token, compact JWS.</returns>
    /// <exception cref="ArgumentNullException">An argument other than <paramref name="nonce"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="nonce"/> is no nonce; see <see cref="IsNonce"/>.</exception>
    public static string Sign(
        VerifiedQuote quote, AttestationPolicy policy, IdentityKey key, DateTimeOffset issuedAt, string? nonce = null)
    {
        ArgumentNullException.ThrowIfNull(quote);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(key);
        if (nonce is not null && !IsNonce(nonce))
        {
            throw new ArgumentException("a nonce has 8 to 88 printable characters of ASCII", nameof(nonce));
        }
        var appraisal = policy.Appraise(quote);
        var vector = TrustVector.Of(quote, policy, appraisal);
        var name = quote.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var claims = new EarClaims(
            "tag:github.com,2023:veraison/ear",
            issuedAt.ToUnixTimeSeconds(), quote.VerifiedAt.ToUnixTimeSeconds(), ExpiryOf(quote).ToUnixTimeSeconds(), nonce,
            new EarVerifier("Guardian", typeof(AttestationToken).Assembly.GetName().Version!.ToString(3)),
            new Dictionary<string, EarSubmodule>
            {
                [name] = new(
                    vector.Status, vector, policy.Id,
                    new EarEvidence(
                        name, AttestationPolicy.WordOf(quote.Platform), AcceptedIdentity.Describe(quote), quote.IsDebug,
                        Convert.ToHexStringLower(quote.ReportData.Span)),
                    new EarRoot(quote.RootName, quote.RootKeyHash, quote.IsRootIntel),
                    quote.Tcb is { } tcb
                        ? new EarTcb(
                            tcb.Status.ToString(), tcb.AdvisoryIds, $"{tcb.Date:yyyy-MM-dd}",
                            tcb.EvaluationDataNumber, tcb.QeEvaluationDataNumber,
                            tcb.EarliestExpiry.ToUnixTimeSeconds(), quote.IsRevocationKnown)
                        : null,
                    [.. appraisal.Checks.Select(check => new EarCheck(check.Rule, check.Passed, check.Found, check.Accepted))]),
            });
        var header = JsonSerializer.SerializeToUtf8Bytes(new EarHeader("ES256", "JWT", key.Thumbprint), EarJson.Default.EarHeader);
        var payload = JsonSerializer.SerializeToUtf8Bytes(claims, EarJson.Default.EarClaims);
        var content = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{content}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(content)))}";
    }

    // Counted from the verification, so that a verification of the past makes no token of the present.
    private static DateTimeOffset ExpiryOf(VerifiedQuote quote)
    {
        var expiry = quote.VerifiedAt + Lifetime;
        return quote.Tcb is { } tcb && tcb.EarliestExpiry < expiry ? tcb.EarliestExpiry : expiry;
    }
}

internal sealed record EarHeader(
    [property: JsonPropertyName("alg")] string Algorithm,
    [property: JsonPropertyName("typ")] string Type,
    [property: JsonPropertyName("kid")] string KeyId);

internal sealed record EarClaims(
    [property: JsonPropertyName("eat_profile")] string Profile,
    [property: JsonPropertyName("iat")] long IssuedAt,
    [property: JsonPropertyName("nbf")] long NotBefore,
    [property: JsonPropertyName("exp")] long Expiry,
    [property: JsonPropertyName("eat_nonce")] string? Nonce,
    [property: JsonPropertyName("ear.verifier-id")] EarVerifier Verifier,
    [property: JsonPropertyName("submods")] IReadOnlyDictionary<string, EarSubmodule> Submodules);

internal sealed record EarVerifier(
    [property: JsonPropertyName("developer")] string Developer, [property: JsonPropertyName("build")] string Build);

internal sealed record EarSubmodule(
    [property: JsonPropertyName("ear.status")] string Status,
    [property: JsonPropertyName("ear.trustworthiness-vector")] TrustVector Vector,
    [property: JsonPropertyName("ear.appraisal-policy-id")] string PolicyId,
    [property: JsonPropertyName("guardian.evidence")] EarEvidence Evidence,
    [property: JsonPropertyName("guardian.root")] EarRoot Root,
    [property: JsonPropertyName("guardian.tcb")] EarTcb? Tcb,
    [property: JsonPropertyName("guardian.checks")] IReadOnlyList<EarCheck> Checks);

internal sealed record EarEvidence(
    [property: JsonPropertyName("tee")] string Tee,
    [property: JsonPropertyName("platform")] string Platform,
    [property: JsonPropertyName("identity")] string Identity,
    [property: JsonPropertyName("debug")] bool IsDebug,
    [property: JsonPropertyName("reportData")] string ReportData);

internal sealed record EarRoot(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("keySha256")] string KeySha256,
    [property: JsonPropertyName("isIntel")] bool IsIntel);

internal sealed record EarTcb(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("advisoryIds")] IReadOnlyList<string> AdvisoryIds,
    [property: JsonPropertyName("date")] string Date,
    [property: JsonPropertyName("tcbEvaluationDataNumber")] int EvaluationDataNumber,
    [property: JsonPropertyName("qeEvaluationDataNumber")] int QeEvaluationDataNumber,
    [property: JsonPropertyName("collateralExpiry")] long CollateralExpiry,
    [property: JsonPropertyName("revocationChecked")] bool IsRevocationKnown);

internal sealed record EarCheck(
    [property: JsonPropertyName("rule")] string Rule,
    [property: JsonPropertyName("passed")] bool Passed,
    [property: JsonPropertyName("found")] string Found,
    [property: JsonPropertyName("accepted")] string Accepted);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EarHeader))]
[JsonSerializable(typeof(EarClaims))]
internal sealed partial class EarJson : JsonSerializerContext;
