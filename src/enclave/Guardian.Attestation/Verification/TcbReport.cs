using Guardian.Attestation.Collateral;

namespace Guardian.Attestation.Verification;

/// <summary>The security level of a platform: the status of every component, and the combined status. Immutable.</summary>
public sealed record TcbReport
{
    /// <summary>The combined status of all components.</summary>
    public required TcbStatus Status { get; init; }

    /// <summary>Intel's advisories that apply, each once.</summary>
    public required IReadOnlyList<string> AdvisoryIds { get; init; }

    /// <summary>The earliest tcbDate of all components: the levels account for everything known at that date.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>
    /// tcbDate of the oldest level that is newer than the level of an outdated component: the TCB recovery that made the platform outdated.
    /// Null if no component is outdated, and if the collateral does not say since when one is.
    /// </summary>
    public required DateTimeOffset? OutOfDateSince { get; init; }

    /// <summary>The combined status, if every outdated component had its newest level.</summary>
    public required TcbStatus StatusWhenUpdated { get; init; }

    /// <summary>The advisories that would still apply, each once, if every outdated component had its newest level.</summary>
    public required IReadOnlyList<string> AdvisoryIdsWhenUpdated { get; init; }

    /// <summary>The level of the platform: processor, microcode and PCE.</summary>
    public required TcbLevel Platform { get; init; }

    /// <summary>The index, from 0, of <see cref="Platform"/> among the TCB info's levels.</summary>
    public required int PlatformLevelIndex { get; init; }

    /// <summary>The level of the quoting enclave.</summary>
    public required TcbLevel QuotingEnclave { get; init; }

    /// <summary>The level of the TDX module at launch; null for SGX, and if the module's version is part of the platform's.</summary>
    public required TcbLevel? TdxModule { get; init; }

    /// <summary>The combined status with the TDX module that runs now; null before TDX 1.5.</summary>
    public required TcbStatus? CurrentStatus { get; init; }

    /// <summary>
    /// The components that are behind, one line each: the version, and the version that the newest level needs. They are of the platform,
    /// the quoting enclave and the TDX module.
    /// </summary>
    public required IReadOnlyList<string> Shortfall { get; init; }

    /// <summary>The steps that make <see cref="Status"/> UpToDate, for people; empty if it is.</summary>
    public required IReadOnlyList<string> Remedies { get; init; }

    /// <summary>tcbEvaluationDataNumber of the TCB info.</summary>
    public required int EvaluationDataNumber { get; init; }

    /// <summary>tcbEvaluationDataNumber of the QE identity.</summary>
    public required int QeEvaluationDataNumber { get; init; }

    /// <summary>The last instant at which everything that the result rests on is valid.</summary>
    public required DateTimeOffset EarliestExpiry { get; init; }

    /// <summary>The item that expires at <see cref="EarliestExpiry"/>.</summary>
    public required string EarliestExpiryOf { get; init; }
}
