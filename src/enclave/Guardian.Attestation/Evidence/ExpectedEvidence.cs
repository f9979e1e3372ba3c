using System.Text;

namespace Guardian.Attestation.Evidence;

/// <summary>The evidence that a party accepts from its peer: a role, and the fields of its context. Immutable.</summary>
/// <param name="Role">The role.</param>
/// <param name="Fields">The fields; null accepts any value of that field.</param>
public sealed record ExpectedEvidence(EvidenceRole Role, IReadOnlyList<ReadOnlyMemory<byte>?> Fields)
{
    /// <summary>Accepts exactly one role and context.</summary>
    /// <param name="context">The role and context.</param>
    /// <returns>The expectation.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static ExpectedEvidence Exactly(EvidenceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context.Role, [.. context.Fields.Select(field => (ReadOnlyMemory<byte>?)field)]);
    }

    /// <summary>Accepts a CAS that serves.</summary>
    /// <param name="identity">Its identity, 32 bytes; null accepts each CAS that the policy accepts.</param>
    /// <returns>The expectation.</returns>
    public static ExpectedEvidence Cas(ReadOnlyMemory<byte>? identity) => new(EvidenceRole.Cas, [identity]);

    /// <summary>Accepts a runtime that starts a service.</summary>
    /// <param name="cas">The identity of the CAS that it asks, 64 hex digits.</param>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <returns>The expectation.</returns>
    public static ExpectedEvidence RuntimeLaunch(string cas, string session, string service) => new(
        EvidenceRole.RuntimeLaunch,
        [Convert.FromHexString(cas), Encoding.UTF8.GetBytes(session), Encoding.UTF8.GetBytes(service)]);

    /// <summary>Explains why evidence is not accepted; null when it is. Evidence without a role is never accepted.</summary>
    /// <param name="found">The role and context of the peer's evidence; null when it has none.</param>
    /// <returns>The end of a sentence that begins with "the evidence is", or null.</returns>
    public string? FindFault(EvidenceContext? found)
    {
        if (found is null)
        {
            return $"for no role, not for '{EvidenceContext.WordOf(Role)}'";
        }
        if (found.Role != Role)
        {
            return $"for '{EvidenceContext.WordOf(found.Role)}', not for '{EvidenceContext.WordOf(Role)}'";
        }
        return found.Fields.Zip(Fields).All(pair => pair.Second is not { } wanted || wanted.Span.SequenceEqual(pair.First.Span))
            ? null
            : $"for another context of its role: found {found}, accepted {EvidenceContext.Describe(Role, Fields)}";
    }
}
