using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary>Reads the log of a CAS, and verifies each line before anybody sees it.</summary>
internal static class AuditReading
{
    /// <summary>Reads the whole log.</summary>
    /// <param name="policy">The CAS that is accepted. The code that it names before its own is accepted in its log as well.</param>
    /// <param name="take">Gets each line after it was verified.</param>
    /// <returns>The signed end, verified.</returns>
    /// <exception cref="RefusedException">
    /// A line does not verify, and its number is in the message. All lines that <paramref name="take"/> got are verified.
    /// </exception>
    public static async Task<string> ReadAsync(
        CasClient client, AttestationPolicy policy, Action<VerifiedEntry, string, AuditDetailDescription?> take,
        CancellationToken cancellation)
    {
        var identity = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        var follower = new AuditFollower(
            policy with
            {
                Identities =
                [
                    .. policy.Identities, new AcceptedIdentity { MrEnclaves = [.. identity.Code.Select(PolicyOptions.ParseMrEnclave)] },
                ],
            },
            TimeProvider.System.GetUtcNow(), CliVerifier.Default, identity.Identity);
        while (true)
        {
            var page = await client.ReadAuditAsync(follower.Sequence, cancellation).ConfigureAwait(false);
            if (page.Lines.Count != page.Details.Count)
            {
                throw Explain(CasReasons.Malformed.Because("the answer has not one detail for each line"), follower);
            }
            foreach (var (line, detail) in page.Lines.Zip(page.Details))
            {
                var (entry, refusal) = follower.Append(line);
                take(entry ?? throw Explain(refusal!, follower), line, detail);
            }
            if (page.Lines.Count == 0)
            {
                return follower.Finish(page.Head).Refusal is { } wrongEnd ? throw Explain(wrongEnd, follower) : page.Head;
            }
        }
    }

    private static RefusedException Explain(Refusal refusal, AuditFollower follower) => new(refusal with
    {
        Detail = $"the log does not verify at line {follower.Sequence + 1}: {refusal.Detail}",
        Remedy = $"the {follower.Sequence} lines before are verified; ask the operator, who examines the store with: guardian cas doctor",
    });
}
