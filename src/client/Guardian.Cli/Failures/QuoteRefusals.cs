using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Ends a command with the verifier's own reason.</summary>
internal static class QuoteRefusals
{
    /// <param name="failure">The stage that failed, and why.</param>
    /// <param name="subject">The words before the verifier's detail.</param>
    /// <param name="problems">Lines that locate the failure.</param>
    public static RefusedException Of(QuoteFailure failure, string subject, IReadOnlyList<string> problems) =>
        new RefusalReason(failure.Reason, RefusalKind.Unverified, "The verifier refused the evidence.")
            .Refuse($"{subject}: {failure.Detail}", problems: problems);
}
