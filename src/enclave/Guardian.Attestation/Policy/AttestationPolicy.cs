using System.Globalization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;
using Guardian.Sgx;

namespace Guardian.Attestation.Policy;

/// <summary>Reference values (RFC 9334): the accepted enclaves, platforms and TCB levels. Immutable.</summary>
public sealed record AttestationPolicy
{
    /// <summary>The accepted identities; a quote must match one of them.</summary>
    public required IReadOnlyList<AcceptedIdentity> Identities { get; init; }

    /// <summary>The accepted kinds of platforms.</summary>
    public required IReadOnlyList<PlatformKind> Platforms { get; init; }

    /// <summary>Whether debug enclaves are accepted. The host can read their memory.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>The accepted TCB statuses.</summary>
    public IReadOnlyList<TcbStatus> Statuses { get; init; } = [TcbStatus.UpToDate];

    /// <summary>Advisories that the enclave mitigates: SWHardeningNeeded is accepted if these alone apply. Case does not count.</summary>
    public IReadOnlyList<string> IgnoredAdvisories { get; init; } = [];

    /// <summary>
    /// The time during which a platform may be OutOfDate, from the TCB recovery that made it so. Grace is only for a platform that the
    /// policy would accept after the update.
    /// </summary>
    public TimeSpan Grace { get; init; }

    /// <summary>The minimum tcbEvaluationDataNumber of the TCB info and of the QE identity; 0 accepts any.</summary>
    public int MinimumEvaluation { get; init; }

    /// <summary>
    /// Identifies the policy by its content: <c>sha256:</c> and 64 lower-case hex digits. Two policies that accept the same values have the
    /// same identifier, in whatever order they list them (docs/reference/quotes.md).
    /// </summary>
    public string Id => PolicyDigest.Of(this);

    /// <summary>The text whose SHA-256 is <see cref="Id"/>: JSON, UTF-8 (docs/reference/quotes.md).</summary>
    public ReadOnlyMemory<byte> CanonicalJson => PolicyDigest.Write(this);

    /// <summary>Appraises a verified quote.</summary>
    /// <param name="quote">The quote.</param>
    /// <returns>Every rule with the found value, the accepted values, and advice.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="quote"/> is null.</exception>
    public Appraisal Appraise(VerifiedQuote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        var checks = new List<AppraisalCheck>
        {
            new(
                "platform", Platforms.Contains(quote.Platform), WordOf(quote.Platform), string.Join(" or ", Platforms.Select(WordOf)),
                quote.Platform == PlatformKind.Simulated
                    ? "run it on SGX hardware, or accept simulated platforms to try things out"
                    : "accept hardware platforms"),
            new(
                "debug", AllowDebug || !quote.IsDebug, quote.IsDebug ? "debug enclave" : "production enclave",
                AllowDebug ? "either" : "production enclave", "build and sign it without the DEBUG attribute"),
            new(
                "identity", Identities.Any(identity => identity.Matches(quote)), AcceptedIdentity.Describe(quote),
                string.Join("; or ", Identities), "compare with the measurement of the code you trust: guardian enclave measure"),
        };
        if (quote.TdReport is { } td)
        {
            checks.Add(new AppraisalCheck(
                "attributes", td.IsClosed || Identities.Any(each => each.TrustDomain?.Attributes.Count > 0 && each.Matches(quote)),
                $"TDATTRIBUTES {AcceptedTrustDomain.Describe(td.TdAttributes)}",
                "SEPT_VE_DISABLE set and MIGRATABLE clear, or a value under 'tdattributes'",
                "launch the trust domain with SEPT_VE_DISABLE and without migration"));
        }
        if (quote.Tcb is { } tcb)
        {
            checks.Add(new AppraisalCheck(
                "tcb", IsCurrent(tcb, quote.VerifiedAt), Describe(tcb), DescribeStatuses(),
                Advise(tcb)));
            checks.Add(new AppraisalCheck(
                "evaluation", Math.Min(tcb.EvaluationDataNumber, tcb.QeEvaluationDataNumber) >= MinimumEvaluation,
                $"TCB evaluation data number {tcb.EvaluationDataNumber} of the TCB info, {tcb.QeEvaluationDataNumber} of the QE identity",
                $"{MinimumEvaluation} or above", "fetch newer collateral"));
        }
        return new Appraisal(checks);
    }

    /// <summary>Appraises a verified report of SEV-SNP. The members about Intel's TCB have no part in it.</summary>
    /// <param name="report">The report.</param>
    /// <returns>Every rule with the found value, the accepted values, and advice.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="report"/> is null.</exception>
    public Appraisal Appraise(VerifiedSnpReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return SnpAppraisal.Of(this, report);
    }

    private bool IsCurrent(TcbReport tcb, DateTimeOffset now) =>
        IsAccepted(tcb.Status, tcb.AdvisoryIds)
        || (tcb.Status == TcbStatus.OutOfDate && Grace > TimeSpan.Zero
            && tcb.OutOfDateSince is { } since && now - since <= Grace
            && IsAccepted(tcb.StatusWhenUpdated, tcb.AdvisoryIdsWhenUpdated));

    private bool IsAccepted(TcbStatus status, IReadOnlyList<string> advisoryIds) =>
        Statuses.Contains(status)
        || (status == TcbStatus.SWHardeningNeeded && advisoryIds.Count > 0
            && advisoryIds.All(advisory => IgnoredAdvisories.Contains(advisory, AdvisoryId.Comparer)));

    private static string Describe(TcbReport tcb) =>
        $"{tcb.Status}{(tcb.OutOfDateSince is { } since ? $" since {DayOf(since)}" : "")}, TCB date {DayOf(tcb.Date)}"
        + (tcb.AdvisoryIds.Count > 0 ? $", {string.Join(", ", tcb.AdvisoryIds)}" : "");

    private static string DayOf(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Advise(TcbReport tcb) =>
        tcb.Remedies.Count == 0
            ? "accept the status"
            : string.Join("; ", tcb.Remedies) + (tcb.Shortfall.Count > 0 ? $" ({string.Join("; ", tcb.Shortfall)})" : "");

    private string DescribeStatuses() =>
        string.Join(" or ", Statuses)
        + (IgnoredAdvisories.Count > 0 ? $", or SWHardeningNeeded for {string.Join(", ", IgnoredAdvisories)} alone" : "")
        + (Grace > TimeSpan.Zero ? $", or OutOfDate for {Grace.TotalDays:0} days after an update came out" : "");

    /// <summary>The word by which policies and results call a kind of platform.</summary>
    internal static string WordOf(PlatformKind kind) => kind == PlatformKind.Simulated ? "simulated" : "hardware";
}
