using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Callers;

/// <summary>Collects the keys that approve a document: the caller's, and those of valid signatures.</summary>
internal static class Approvals
{
    /// <summary>Verifies signatures of a document.</summary>
    /// <param name="caller">The hash of the caller's key.</param>
    /// <param name="hash">The hash of the document.</param>
    /// <returns>The hashes of all approving keys, or a refusal that names the first false signature.</returns>
    public static Outcome<HashSet<string>> Verify(
        string caller, string hash, SignatureSubject subject, IReadOnlyList<SessionSignature>? signatures)
    {
        var approvals = new HashSet<string> { caller };
        foreach (var signature in signatures ?? [])
        {
            if (!signature.IsOf(hash, subject))
            {
                return CasReasons.Invalid.Because("a signature is not of this document, or not by the key it names") with
                {
                    Problems = [$"key {signature.Key}, document {hash}"],
                };
            }
            approvals.Add(KeyHash.TryRead(signature.Key)!);
        }
        return approvals;
    }
}
