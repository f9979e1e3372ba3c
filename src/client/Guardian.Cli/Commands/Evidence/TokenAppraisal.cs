using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Policy;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>Decides about an attestation result: its issuer's own verdict, and what the command line accepts.</summary>
internal static class TokenAppraisal
{
    /// <summary>Finds what speaks against the attester; none when it is accepted.</summary>
    /// <param name="issuer">The only issuer that is accepted; null accepts each one that has the key.</param>
    public static IReadOnlyList<string> FindProblems(VerifiedToken token, AttestationPolicy policy, string? issuer)
    {
        var problems = token.Statuses.Where(status => status.Value != "affirming")
            .Select(status => $"'{status.Key}' is {status.Value}, not affirming").ToList();
        if (issuer is not null && token.Issuer != issuer)
        {
            problems.Add($"its issuer is '{token.Issuer}', not '{issuer}'");
        }
        if (!policy.AllowDebug && token.IsDebug)
        {
            problems.Add("it is a debug enclave or guest, whose memory the host can read; --allow-debug accepts it");
        }
        problems.AddRange(token.TcbStatuses.Where(status => !policy.Statuses.Any(accepted => accepted.ToString() == status))
            .Select(status => $"its TCB status is {status}; accepted {string.Join(" or ", policy.Statuses)}"));
        return problems;
    }
}
