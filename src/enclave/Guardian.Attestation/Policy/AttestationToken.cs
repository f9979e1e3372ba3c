using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Policy;

/// <summary>
/// Attestation results for relying parties: an EAT Attestation Result (draft-ietf-rats-ear) as a JWT signed with ES256. The trustworthiness
/// vector uses AR4SI's values: 2 affirming, 32 warning, 96 contraindicated. Thread-safe.
/// </summary>
public static class AttestationToken
{
    private const int Affirming = 2;
    private const int Warning = 32;
    private const int Contraindicated = 96;

    /// <summary>Makes a token of an appraisal.</summary>
    /// <param name="quote">The quote.</param>
    /// <param name="appraisal">Its appraisal.</param>
    /// <param name="key">The verifier's key.</param>
    /// <returns>The token, compact JWS.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static string Sign(VerifiedQuote quote, Appraisal appraisal, IdentityKey key)
    {
        ArgumentNullException.ThrowIfNull(quote);
        ArgumentNullException.ThrowIfNull(appraisal);
        ArgumentNullException.ThrowIfNull(key);
        bool Passed(string rule) => appraisal.Checks.All(check => check.Rule != rule || check.Passed);

        var isCurrent = quote.Tcb?.Status == TcbStatus.UpToDate;
        var hardware = !Passed("tcb") || !Passed("platform") ? Contraindicated : isCurrent ? Affirming : Warning;
        var name = quote.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var claims = new EarClaims(
            "tag:github.com,2023:veraison/ear",
            quote.VerifiedAt.ToUnixTimeSeconds(),
            new EarVerifier("Guardian", typeof(AttestationToken).Assembly.GetName().Version!.ToString(3)),
            new Dictionary<string, EarSubmodule>
            {
                [name] = new(
                    !appraisal.IsAccepted ? "contraindicated" : hardware == Warning ? "warning" : "affirming",
                    new EarVector(
                        Passed("identity") ? Affirming : Contraindicated,
                        hardware,
                        Passed("debug") ? Affirming : Contraindicated,
                        quote.IsDebug ? Contraindicated : Affirming),
                    new EarEvidence(
                        name,
                        quote.Platform == Guardian.Sgx.PlatformKind.Simulated ? "simulated" : "hardware",
                        AcceptedIdentity.Describe(quote),
                        quote.Tcb?.Status.ToString(),
                        quote.Tcb?.AdvisoryIds ?? [], Convert.ToHexStringLower(quote.ReportData.Span)),
                    [.. appraisal.Checks.Select(check => new EarCheck(check.Rule, check.Passed, check.Found, check.Accepted))]),
            });
        var payload = JsonSerializer.SerializeToUtf8Bytes(claims, EarJson.Default.EarClaims);
        var content = $"{Encode("""{"alg":"ES256","typ":"JWT"}"""u8)}.{Encode(payload)}";
        return $"{content}.{Encode(key.Sign(Encoding.ASCII.GetBytes(content)))}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}

internal sealed record EarClaims(
    [property: JsonPropertyName("eat_profile")] string Profile,
    [property: JsonPropertyName("iat")] long IssuedAt,
    [property: JsonPropertyName("ear.verifier-id")] EarVerifier Verifier,
    [property: JsonPropertyName("submods")] IReadOnlyDictionary<string, EarSubmodule> Submodules);

internal sealed record EarVerifier(
    [property: JsonPropertyName("developer")] string Developer, [property: JsonPropertyName("build")] string Build);

internal sealed record EarSubmodule(
    [property: JsonPropertyName("ear.status")] string Status,
    [property: JsonPropertyName("ear.trustworthiness-vector")] EarVector Vector,
    [property: JsonPropertyName("guardian.evidence")] EarEvidence Evidence,
    [property: JsonPropertyName("guardian.checks")] IReadOnlyList<EarCheck> Checks);

internal sealed record EarVector(
    [property: JsonPropertyName("executables")] int Executables,
    [property: JsonPropertyName("hardware")] int Hardware,
    [property: JsonPropertyName("configuration")] int Configuration,
    [property: JsonPropertyName("runtime-opaque")] int RuntimeOpaque);

internal sealed record EarEvidence(
    [property: JsonPropertyName("tee")] string Tee,
    [property: JsonPropertyName("platform")] string Platform,
    [property: JsonPropertyName("identity")] string Identity,
    [property: JsonPropertyName("tcbStatus")] string? TcbStatus,
    [property: JsonPropertyName("advisoryIds")] IReadOnlyList<string> AdvisoryIds,
    [property: JsonPropertyName("reportData")] string ReportData);

internal sealed record EarCheck(
    [property: JsonPropertyName("rule")] string Rule,
    [property: JsonPropertyName("passed")] bool Passed,
    [property: JsonPropertyName("found")] string Found,
    [property: JsonPropertyName("accepted")] string Accepted);

[JsonSerializable(typeof(EarClaims))]
internal sealed partial class EarJson : JsonSerializerContext;
