using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Policy;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>The result of <c>verify</c>.</summary>
/// <param name="Found">The form of the evidence; null when it is none.</param>
/// <param name="KeySha256">SHA-256 of the key that the evidence names (SubjectPublicKeyInfo).</param>
/// <param name="Quote">The verified quote, or the reason of the refusal.</param>
/// <param name="Token">The verified token.</param>
/// <param name="Accepted">The verdict.</param>
internal sealed record VerifyResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Found, string? KeySha256, QuoteVerifyResult? Quote,
    TokenResult? Token, bool Accepted)
{
    /// <summary>The event log of <c>--event-log</c>.</summary>
    public EventLogResult? EventLog { get; init; }

    /// <summary>The report of SEV-SNP, or the reason of the refusal.</summary>
    public SnpResult? Snp { get; init; }

    /// <summary>Writes the result for people: what was found, what it says, and the verdict.</summary>
    /// <param name="appraisal">The policy's; null without a verified quote.</param>
    /// <param name="explains">Whether rules that hold are shown too.</param>
    public void Write(TextOutput people, Appraisal? appraisal, bool explains)
    {
        people.WriteFacts(Facts.Of(this, EvidenceJson.Default.VerifyResult).Where(fact => fact.Name != "accepted"));
        if (Quote is not null)
        {
            people.WriteFacts(Facts.Of(Quote with { Detail = null, Remedy = null }, QuotesJson.Default.QuoteVerifyResult)
                .Where(fact => fact.Name is not ("accepted" or "stage" or "reason")));
        }
        if (Token is not null)
        {
            people.WriteFacts(Facts.Of(Token, EvidenceJson.Default.TokenResult).Where(fact => fact.Name != "problems"));
            people.WriteFacts(Token.Claims.Select(claim => (claim.Key, claim.Value)));
        }
        if (Snp is not null)
        {
            people.WriteFacts(Facts.Of(Snp with { Detail = null, Remedy = null }, EvidenceJson.Default.SnpResult)
                .Where(fact => fact.Name is not ("accepted" or "stage" or "reason")));
        }
        foreach (var check in appraisal?.Checks ?? [])
        {
            if (explains || !check.Passed)
            {
                people.WriteLine($"{(check.Passed ? "holds" : "does not hold")}: {check}");
            }
            if (!check.Passed)
            {
                people.WriteLine($"  to fix it: {check.Advice}");
            }
        }
        foreach (var problem in Token?.Problems ?? [])
        {
            people.WriteLine($"does not hold: {problem}");
        }
        if (EventLog is { } log)
        {
            people.WriteLine(
                log.Matches
                    ? $"event log: {log.Form}, {log.Events} events give {string.Join(", ", log.Registers!)}; "
                        + $"{log.Proven} descriptions have the measured digest"
                    : $"does not hold: {log.Detail}");
        }
        if ((Quote?.Remedy ?? Snp?.Remedy) is { } remedy)
        {
            people.WriteLine($"  to fix it: {remedy}");
        }
        people.WriteLine(
            Accepted ? "verdict: accepted"
            : Quote is { Verified: false, Detail: { } detail } ? $"verdict: refused: {detail}"
            : Snp is { Verified: false, Detail: { } fault } ? $"verdict: refused: {fault}"
            : "verdict: refused: it verifies, but is not accepted");
    }
}

/// <summary>An attestation result of another verifier.</summary>
/// <param name="Nonce">The nonce of a token that has one.</param>
/// <param name="Nonces">The nonces of a token that has several.</param>
/// <param name="Statuses">The verdicts of an EAR, by submodule.</param>
/// <param name="Problems">What speaks against the attester.</param>
internal sealed record TokenResult(
    bool Verified, string Kind, string Issuer, string? KeyId, string? IssuedAt, string? Expires, string? Nonce,
    IReadOnlyList<string>? Nonces,
    IReadOnlyDictionary<string, string> Claims, IReadOnlyDictionary<string, string> Statuses, IReadOnlyList<string> Problems)
{
    /// <summary>Describes a token.</summary>
    public static TokenResult Of(VerifiedToken token, IReadOnlyList<string> problems) => new(
        true,
        token.Kind switch
        {
            TokenKind.Azure => "Microsoft Azure Attestation",
            TokenKind.IntelTrustAuthority => "Intel Trust Authority",
            _ => "EAR",
        },
        token.Issuer, token.KeyId, token.IssuedAt is { } issued ? Format.Instant(issued) : null,
        token.Expires is { } end ? Format.Instant(end) : null, token.Nonces is [var only] ? only : null,
        token.Nonces.Count > 1 ? token.Nonces : null, token.Claims, token.Statuses, problems);
}

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VerifyResult))]
[JsonSerializable(typeof(TokenResult))]
[JsonSerializable(typeof(SnpResult))]
[JsonSerializable(typeof(EventLogResult))]
internal sealed partial class EvidenceJson : JsonSerializerContext;
