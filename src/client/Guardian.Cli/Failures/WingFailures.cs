using Guardian.Attestation.RaTls;
using Guardian.Cas.Client;
using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Turns the exceptions of libraries that do not refuse yet into refusals.</summary>
internal static class WingFailures
{
    public static Refusal? ToRefusal(Exception failure) => failure is CasException cas
        ? new Refusal(new RefusalReason(cas.Failure.ToString(), KindOf(cas.Failure), ""), cas.Message)
        {
            Problems = cas.Problems,
            Remedy = cas.Failure == CasFailure.NotTrusted ? FindRemedy(cas.InnerException) : null,
        }
        : null;

    private static RefusalKind KindOf(CasFailure failure) => failure switch
    {
        CasFailure.Unreachable or CasFailure.Busy or CasFailure.Damaged => RefusalKind.Unavailable,
        CasFailure.Invalid => RefusalKind.Invalid,
        _ => RefusalKind.Unverified,
    };

    private static string FindRemedy(Exception? failure) =>
        failure is AttestationException { Appraisal: { } appraisal } && appraisal.Checks.Any(check => check is { Passed: false, Rule: "platform" })
            ? "a simulated platform protects nothing; accept it with --platform simulated only to try things out"
            : "nothing was sent; ask the operator which code runs there, and compare its measurement with yours: guardian enclave measure";
}
