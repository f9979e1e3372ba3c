using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.RaTls;

/// <summary>A peer's evidence did not verify, or did not satisfy the policy. Nothing was sent to it.</summary>
public sealed class AttestationException : Exception
{
    /// <summary>The evidence did not verify.</summary>
    public AttestationException(QuoteFailure failure) : base((failure ?? throw new ArgumentNullException(nameof(failure))).Detail) =>
        Failure = failure;

    /// <summary>The evidence verified, and the policy refuses it.</summary>
    public AttestationException(Appraisal appraisal)
        : base("the peer's enclave is not one the policy accepts "
            + $"({string.Join(", ", appraisal.Checks.Where(check => !check.Passed).Select(check => check.Rule))})") =>
        Appraisal = appraisal;

    /// <summary>The link that failed, or null.</summary>
    public QuoteFailure? Failure { get; }

    /// <summary>The appraisal that refused, or null.</summary>
    public Appraisal? Appraisal { get; }
}
