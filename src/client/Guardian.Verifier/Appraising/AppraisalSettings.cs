using Guardian.Attestation.Identity;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;

namespace Guardian.Verifier.Appraising;

/// <summary>The policy, keys and roots of a verifying service. Immutable.</summary>
public sealed record AppraisalSettings
{
    /// <summary>The key that signs tokens; the caller disposes it after the service.</summary>
    public required IdentityKey Key { get; init; }

    /// <summary>The appraisal policy of all tokens.</summary>
    public required AttestationPolicy Policy { get; init; }

    /// <summary>Verifies quotes, with its roots and collateral.</summary>
    public required EvidenceVerifier Quotes { get; init; }

    /// <summary>
    /// Gets and renews the collateral that <see cref="Quotes"/> reads, for the platforms that evidence comes from. The service runs it.
    /// Null to leave the collateral as it is.
    /// </summary>
    public CollateralKeeper? Keeper { get; init; }

    /// <summary>The demands on reports of SEV-SNP.</summary>
    public SnpOptions Reports { get; init; } = SnpOptions.AmdOnly;

    /// <summary>AMD's revocation lists, one for each product whose reports are taken; DER, PEM, hex or base64.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> RevocationLists { get; init; } = [];

    /// <summary>Whether evidence that names neither nonce nor key gets tokens too. A copy of old evidence then does.</summary>
    public bool AllowStaleEvidence { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
