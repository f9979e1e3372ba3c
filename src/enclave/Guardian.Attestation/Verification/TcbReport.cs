using Guardian.Attestation.Collateral;

namespace Guardian.Attestation.Verification;

/// <summary>How current a platform is: every component's status, and what follows from them.</summary>
public sealed record TcbReport
{
    /// <summary>The status of all components taken together.</summary>
    public required TcbStatus Status { get; init; }

    /// <summary>Intel's advisories that apply, each once.</summary>
    public required IReadOnlyList<string> AdvisoryIds { get; init; }

    /// <summary>The earliest tcbDate of all components: everything known at that date is taken into account.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>tcbDate of the newest levels: since when this platform could have been more current, if it is not.</summary>
    public required DateTimeOffset NewestDate { get; init; }

    /// <summary>The platform: processor, microcode and PCE.</summary>
    public required TcbLevel Platform { get; init; }

    /// <summary>Which of the TCB info's levels the platform reaches, from 0.</summary>
    public required int PlatformLevelIndex { get; init; }

    /// <summary>The quoting enclave.</summary>
    public required TcbLevel QuotingEnclave { get; init; }

    /// <summary>The TDX module at launch; null for SGX and where its version is part of the platform's.</summary>
    public required TcbLevel? TdxModule { get; init; }

    /// <summary>The status with the TDX module that runs now; null before TDX 1.5.</summary>
    public required TcbStatus? CurrentStatus { get; init; }

    /// <summary>What keeps the platform from the first level: component, what it is and what it would have to be.</summary>
    public required IReadOnlyList<string> Shortfall { get; init; }

    /// <summary>tcbEvaluationDataNumber of the TCB info.</summary>
    public required int EvaluationDataNumber { get; init; }

    /// <summary>tcbEvaluationDataNumber of the QE identity.</summary>
    public required int QeEvaluationDataNumber { get; init; }

    /// <summary>When the first piece of what this rests on expires.</summary>
    public required DateTimeOffset EarliestExpiry { get; init; }

    /// <summary>Which piece that is.</summary>
    public required string EarliestExpiryOf { get; init; }
}
