using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Policy;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>Decides about an attestation result: its issuer's own verdict, and what the command line accepts.</summary>
internal static class TokenAppraisal
{
    private static readonly string[] DebugClaims = ["x-ms-sgx-is-debuggable", "sgx_is_debuggable", "tdx_is_debuggable"];

    /// <summary>Finds what speaks against the attester; none when it is accepted.</summary>
    public static IReadOnlyList<string> FindProblems(VerifiedToken token, AttestationPolicy policy)
    {
        var problems = token.Statuses.Where(status => status.Value != "affirming")
            .Select(status => $"'{status.Key}' is {status.Value}, not affirming").ToList();
        if (!policy.AllowDebug && DebugClaims.Any(claim => token.Claims.GetValueOrDefault(claim) == "true"))
        {
            problems.Add("it is a debug enclave, whose memory the host can read; --allow-debug accepts it");
        }
        if (token.Claims.GetValueOrDefault("attester_tcb_status") is { } status
            && !policy.Statuses.Any(accepted => accepted.ToString() == status))
        {
            problems.Add($"its TCB status is {status}; accepted {string.Join(" or ", policy.Statuses)}");
        }
        return problems;
    }
}
