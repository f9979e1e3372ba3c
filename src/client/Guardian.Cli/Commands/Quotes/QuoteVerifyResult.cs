using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>The result of <c>quote verify</c>. A quote that does not verify has no values of its own here.</summary>
internal sealed record QuoteVerifyResult : QuoteIdentity
{
    private QuoteVerifyResult(Refusal refusal)
    {
        var stage = refusal.Location?.Part;
        Status = refusal.Reason == QuoteReasons.Revoked && stage == nameof(QuoteStage.Tcb) ? nameof(TcbStatus.Revoked) : null;
        (Stage, Reason, Detail, Remedy, Offset) = (stage, refusal.Code, refusal.Detail, refusal.Remedy, refusal.Location?.Offset);
    }

    private QuoteVerifyResult(VerifiedQuote quote, AttestationPolicy policy, Appraisal appraisal) : base(
        quote.Tee, quote.Tee == TeeType.Sgx ? quote.Report : null, quote.TdReport)
    {
        Verified = true;
        Accepted = appraisal.IsAccepted;
        PolicyId = policy.Id;
        Platform = Platforms.Name(quote.Platform);
        (Root, RootKeySha256, RootIsIntel) = (quote.RootName, quote.RootKeyHash, quote.IsRootIntel);
        Fmspc = Format.Hex(quote.Pck.Fmspc);
        if (quote.Tcb is { } tcb)
        {
            Status = tcb.Status.ToString();
            AdvisoryIds = [.. tcb.AdvisoryIds];
            TcbDate = Format.Instant(tcb.Date);
            PlatformStatus = tcb.Platform.Status.ToString();
            QeStatus = tcb.QuotingEnclave.Status.ToString();
            TdxModuleStatus = tcb.TdxModule?.Status.ToString();
            CurrentStatus = tcb.CurrentStatus?.ToString();
            TcbEvaluationDataNumber = tcb.EvaluationDataNumber;
            EarliestExpiry = Format.Instant(tcb.EarliestExpiry);
            EarliestExpiryOf = tcb.EarliestExpiryOf;
            Shortfall = [.. tcb.Shortfall];
        }
        Checks = [.. appraisal.Checks.Select(check => new CheckResult(
            check.Rule, check.Passed, check.Found, check.Accepted, check.Passed ? null : check.Advice))];
        if (appraisal.Checks.Where(check => !check.Passed).ToList() is { Count: > 0 } refused)
        {
            (Stage, Reason, Detail) = ("Policy", refused[0].Rule, string.Join("; ", refused));
        }
    }

    public bool Verified { get; }

    public bool Accepted { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Status { get; }

    public IReadOnlyList<string> AdvisoryIds { get; } = [];

    /// <summary>The identifier of the policy, with the command's own options.</summary>
    public string? PolicyId { get; }

    public string? Platform { get; }

    public string? Root { get; }

    /// <summary>SHA-256 of the root's SubjectPublicKeyInfo.</summary>
    public string? RootKeySha256 { get; }

    public bool? RootIsIntel { get; }

    public string? Fmspc { get; }

    public string? TcbDate { get; }

    public string? PlatformStatus { get; }

    public string? QeStatus { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? TdxModuleStatus { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? CurrentStatus { get; }

    public int? TcbEvaluationDataNumber { get; }

    public string? EarliestExpiry { get; }

    public string? EarliestExpiryOf { get; }

    public IReadOnlyList<string>? Shortfall { get; }

    [JsonPropertyOrder(1)]
    public IReadOnlyList<CheckResult>? Checks { get; }

    /// <summary>The stage that refused; null when the quote is accepted.</summary>
    [JsonPropertyOrder(1)]
    public string? Stage { get; }

    [JsonPropertyOrder(1)]
    public string? Reason { get; }

    [JsonPropertyOrder(1)]
    public string? Detail { get; init; }

    /// <summary>The step that fixes it, if the quote does not verify and there is one.</summary>
    [JsonPropertyOrder(1)]
    public string? Remedy { get; init; }

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public long? Offset { get; }

    /// <summary>Describes an outcome.</summary>
    /// <param name="outcome">The verifier's outcome.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="appraisal">The policy's; null when the quote did not verify.</param>
    public static QuoteVerifyResult Of(Outcome<VerifiedQuote> outcome, AttestationPolicy policy, Appraisal? appraisal) =>
        outcome.Value is { } quote ? new QuoteVerifyResult(quote, policy, appraisal!) : new QuoteVerifyResult(outcome.Refusal!);
}

/// <summary>A rule of the policy.</summary>
/// <param name="Found">The value in the quote.</param>
/// <param name="Accepted">The values that the policy accepts.</param>
/// <param name="Advice">The step that fixes it; null when the rule holds.</param>
internal sealed record CheckResult(
    string Rule, bool Passed, string Found, string Accepted, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Advice);
