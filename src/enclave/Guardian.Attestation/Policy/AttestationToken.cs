using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Policy;

/// <summary>
/// Attestation results for relying parties: an EAT Attestation Result (draft-ietf-rats-ear-04) as a JWT signed with ES256. It affirms only
/// what the policy checked, and names the policy, the root and the collateral. Thread-safe.
/// </summary>
public static class AttestationToken
{
    /// <summary>The profile of a token (<c>eat_profile</c>).</summary>
    public const string Profile = "tag:ietf.org,2026:rats/ear#04";

    /// <summary>The media type of a token (RFC 9782).</summary>
    public const string MediaType = $"application/eat+jwt; eat_profile=\"{Profile}\"";

    /// <summary>The time for which a token counts, from the instant of verification; less if the collateral expires earlier.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Appraises a quote and makes a token of the result.</summary>
    /// <param name="quote">The quote.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="key">The verifier's key.</param>
    /// <param name="issuedAt">The present instant.</param>
    /// <param name="context">Nonces and key; <see cref="TokenContext.None"/> for none.</param>
    /// <returns>The token, compact JWS.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">A nonce is none; see <see cref="TokenContext.IsNonce"/>.</exception>
    public static string Sign(
        VerifiedQuote quote, AttestationPolicy policy, IdentityKey key, DateTimeOffset issuedAt, TokenContext context)
    {
        ArgumentNullException.ThrowIfNull(quote);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        context.Require();
        var appraisal = policy.Appraise(quote);
        var name = quote.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var submodule = Describe(
            TrustVector.Of(quote, policy, appraisal), policy, appraisal, context,
            new EarEvidence(
                name, AttestationPolicy.WordOf(quote.Platform), AcceptedIdentity.Describe(quote), quote.IsDebug,
                Convert.ToHexStringLower(quote.ReportData.Span), context.KeySha256),
            new EarRoot(quote.RootName, quote.RootKeyHash, quote.IsRootIntel, null),
            quote.Tcb is { } tcb
                ? new EarTcb(tcb.EarliestExpiry.ToUnixTimeSeconds(), quote.IsRevocationKnown)
                {
                    Status = tcb.Status.ToString(),
                    AdvisoryIds = tcb.AdvisoryIds,
                    Date = tcb.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    EvaluationDataNumber = tcb.EvaluationDataNumber,
                    QeEvaluationDataNumber = tcb.QeEvaluationDataNumber,
                }
                : null);
        return Sign(name, submodule, key, context, (issuedAt, quote.VerifiedAt, quote.Tcb?.EarliestExpiry));
    }

    /// <summary>Appraises a report of SEV-SNP and makes a token of the result.</summary>
    /// <param name="report">The report.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="key">The verifier's key.</param>
    /// <param name="issuedAt">The present instant.</param>
    /// <param name="context">Nonces and key; <see cref="TokenContext.None"/> for none.</param>
    /// <returns>The token, compact JWS.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">A nonce is none; see <see cref="TokenContext.IsNonce"/>.</exception>
    public static string Sign(
        VerifiedSnpReport report, AttestationPolicy policy, IdentityKey key, DateTimeOffset issuedAt, TokenContext context)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        context.Require();
        var appraisal = policy.Appraise(report);
        var submodule = Describe(
            TrustVector.Of(report, policy, appraisal), policy, appraisal, context,
            new EarEvidence(
                "snp", "hardware", AcceptedSnpGuest.Describe(report.Report), report.Report.IsDebug,
                Convert.ToHexStringLower(report.Report.ReportData.Span), context.KeySha256),
            new EarRoot(null, report.RootKeyHash, null, report.IsRootAmd),
            new EarTcb(report.EarliestExpiry.ToUnixTimeSeconds(), report.IsRevocationKnown) { Certified = report.Tcb.ToString() });
        return Sign("snp", submodule, key, context, (issuedAt, report.VerifiedAt, report.EarliestExpiry));
    }

    private static EarSubmodule Describe(
        TrustVector vector, AttestationPolicy policy, Appraisal appraisal, TokenContext context, EarEvidence evidence, EarRoot root,
        EarTcb? tcb) => new(
            vector.Status, vector, [policy.Id], context.EvidenceNonce, new EarAttester(evidence),
            new EarFindings(
                context.Freshness, root, tcb,
                [.. appraisal.Checks.Select(check => new EarCheck(check.Rule, check.Passed, check.Found, check.Accepted))]));

    private static string Sign(
        string name, EarSubmodule submodule, IdentityKey key, TokenContext context,
        (DateTimeOffset Issued, DateTimeOffset Verified, DateTimeOffset? Expiry) instants)
    {
        // Counted from the verification, so that a verification of the past makes no token of the present.
        var end = instants.Verified + Lifetime;
        var expiry = instants.Expiry < end ? instants.Expiry.Value : end;
        var claims = new EarClaims(
            Profile, instants.Issued.ToUnixTimeSeconds(), instants.Verified.ToUnixTimeSeconds(), expiry.ToUnixTimeSeconds(), context.Nonce,
            new EarVerifier("Guardian", typeof(AttestationToken).Assembly.GetName().Version!.ToString(3)),
            new Dictionary<string, EarSubmodule> { [name] = submodule });
        var header = JsonSerializer.SerializeToUtf8Bytes(new EarHeader("ES256", "JWT", key.Thumbprint), EarJson.Default.EarHeader);
        var payload = JsonSerializer.SerializeToUtf8Bytes(claims, EarJson.Default.EarClaims);
        var content = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{content}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(content)))}";
    }
}
