using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Audit;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;

namespace Guardian.Cas.Store;

/// <summary>How an enclave verifies the log of its own CAS.</summary>
/// <param name="Code">MRENCLAVE of this enclave.</param>
/// <param name="Policy">
/// Accepts any code on the kind of platform of this enclave: the log itself says which code may continue it. Users decide about the first
/// code.
/// </param>
internal sealed record LogRules(string Code, AttestationPolicy Policy, EvidenceVerifier Verifier)
{
    /// <summary>The rules of an enclave.</summary>
    public static LogRules For(IEnclave enclave, EvidenceVerifier verifier) => new(
        enclave.Identity.MrEnclave.ToString(),
        new AttestationPolicy
        {
            Identities = [AcceptedIdentity.Anyone],
            Platforms = [enclave.Platform],
            AllowDebug = enclave.Identity.Attributes.Flags.HasFlag(AttributeFlags.Debug),
        },
        verifier);

    /// <summary>Begins to verify lines after a state.</summary>
    public AuditChain Continue(AuditState state, DateTimeOffset now) => new(state, Policy, now, Verifier, isComplete: false);
}
