using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Verification;

/// <summary>
/// The inputs of a verification besides quote and collateral. The caller states the roots; the other defaults are strict. Immutable.
/// </summary>
public sealed record VerifierOptions
{
    /// <summary>Intel's root alone, with revocation.</summary>
    public static VerifierOptions IntelOnly { get; } = new() { Anchors = [TrustAnchor.Intel] };

    /// <summary>The roots of trust.</summary>
    public required IReadOnlyList<TrustAnchor> Anchors { get; init; }

    /// <summary>Whether collateral without revocation lists is refused. Without them, revoked certificates pass.</summary>
    public bool RequireRevocationLists { get; init; } = true;

    /// <summary>
    /// The PCK chain (leaf, issuer, root; PEM) for quotes that only name their platform: certification data of types 1 to 4. Empty when
    /// there
    /// is none.
    /// </summary>
    public ReadOnlyMemory<byte> PckChain { get; init; }
}
