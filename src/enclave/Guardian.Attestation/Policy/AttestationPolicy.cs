using Guardian.Attestation.Collateral;
using Guardian.Attestation.Verification;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Attestation.Policy;

/// <summary>Reference values (RFC 9334): which enclaves, on which platforms, how current, are accepted. Immutable.</summary>
public sealed record AttestationPolicy
{
    /// <summary>The identities, any of which is accepted.</summary>
    public required IReadOnlyList<AcceptedIdentity> Identities { get; init; }

    /// <summary>The platforms, any of which is accepted.</summary>
    public required IReadOnlyList<PlatformKind> Platforms { get; init; }

    /// <summary>Whether debug enclaves are accepted. Their memory is open to the host.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>Which TCB statuses are accepted.</summary>
    public IReadOnlyList<TcbStatus> Statuses { get; init; } = [TcbStatus.UpToDate];

    /// <summary>Advisories that are dealt with elsewhere: SWHardeningNeeded because of these alone is accepted.</summary>
    public IReadOnlyList<string> IgnoredAdvisories { get; init; } = [];

    /// <summary>For how long after Intel's newest TCB date a platform may still be OutOfDate.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>The least tcbEvaluationDataNumber of the collateral; 0 takes any.</summary>
    public int MinimumEvaluation { get; init; }

    /// <summary>Appraises a verified quote.</summary>
    /// <returns>Every rule with what was found, what would be accepted, and what to do.</returns>
    public Appraisal Appraise(VerifiedQuote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        var checks = new List<AppraisalCheck>
        {
            new(
                "platform", Platforms.Contains(quote.Platform), Word(quote.Platform), string.Join(" or ", Platforms.Select(Word)),
                quote.Platform == PlatformKind.Simulated
                    ? "run it on SGX hardware, or accept simulated platforms to try things out"
                    : "accept hardware platforms"),
            new(
                "debug", AllowDebug || !quote.IsDebug, quote.IsDebug ? "debug enclave" : "production enclave",
                AllowDebug ? "either" : "production enclave",
                "build and sign it without the DEBUG attribute"),
            new(
                "identity", Identities.Any(identity => identity.Matches(quote)), AcceptedIdentity.Describe(quote), string.Join("; or ",
                Identities),
                "compare with the measurement of the code you trust: guardian enclave measure"),
        };
        if (quote.Tcb is { } tcb)
        {
            checks.Add(new AppraisalCheck(
                "tcb", IsCurrent(tcb, quote.VerifiedAt), Describe(tcb), DescribeStatuses(),
                tcb.Shortfall.Count > 0
                    ? $"update the platform: {string.Join("; ", tcb.Shortfall)}"
                    : "follow the advisories, or accept the status"));
            checks.Add(new AppraisalCheck(
                "evaluation", tcb.EvaluationDataNumber >= MinimumEvaluation, $"TCB evaluation data number {tcb.EvaluationDataNumber}",
                $"{MinimumEvaluation} or above",
                "fetch newer collateral"));
        }
        return new Appraisal(checks);
    }

    /// <summary>
    /// Reads the members <c>attestation</c>, <c>platforms</c>, <c>debug</c> and <c>tcb</c> of a map; problems are reported on it. Other
    /// members are the
    /// caller's, and so is <see cref="YamlMap.End"/>.
    /// </summary>
    public static AttestationPolicy Read(YamlMap map) => PolicyReader.Read(map);

    private bool IsCurrent(TcbReport tcb, DateTimeOffset now) =>
        Statuses.Contains(tcb.Status)
        || (tcb.Status == TcbStatus.SWHardeningNeeded && tcb.AdvisoryIds.Count > 0 && tcb.AdvisoryIds.All(IgnoredAdvisories.Contains))
        || (tcb.Status == TcbStatus.OutOfDate && Grace > TimeSpan.Zero && now <= tcb.NewestDate + Grace);

    private static string Describe(TcbReport tcb) =>
        $"{tcb.Status}, TCB date {tcb.Date:yyyy-MM-dd}" + (tcb.AdvisoryIds.Count > 0 ? $", {string.Join(", ", tcb.AdvisoryIds)}" : "");

    private string DescribeStatuses() =>
        string.Join(" or ", Statuses)
        + (IgnoredAdvisories.Count > 0 ? $", or SWHardeningNeeded for {string.Join(", ", IgnoredAdvisories)} alone" : "")
        + (Grace > TimeSpan.Zero ? $", or OutOfDate for {Grace.TotalDays:0} days" : "");

    private static string Word(PlatformKind kind) => kind == PlatformKind.Simulated ? "simulated" : "hardware";
}

/// <param name="Rule">Which rule: <c>platform</c>, <c>debug</c>, <c>identity</c>, <c>tcb</c>, <c>evaluation</c>.</param>
/// <param name="Found">What the quote shows.</param>
/// <param name="Accepted">What would be accepted.</param>
/// <param name="Advice">What to do when it does not pass.</param>
public sealed record AppraisalCheck(string Rule, bool Passed, string Found, string Accepted, string Advice)
{
    /// <returns>The check as a person reads it.</returns>
    public override string ToString() => $"{Rule}: found {Found}; accepted {Accepted}";
}

/// <summary>The outcome of an appraisal, rule by rule.</summary>
public sealed record Appraisal(IReadOnlyList<AppraisalCheck> Checks)
{
    /// <summary>Whether every rule holds.</summary>
    public bool IsAccepted => Checks.All(check => check.Passed);
}
