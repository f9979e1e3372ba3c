using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Ends a command with the verifier's own reason.</summary>
internal static class QuoteRefusals
{
    /// <param name="refusal">The verifier's refusal.</param>
    /// <param name="subject">The words before the verifier's detail.</param>
    /// <param name="problems">Lines that locate the failure.</param>
    public static RefusedException Of(Refusal refusal, string subject, IReadOnlyList<string> problems) =>
        new(refusal with { Detail = $"{subject}: {refusal.Detail}", Problems = problems });
}
