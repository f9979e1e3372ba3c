namespace Guardian.Attestation.Verification;

/// <summary>What a verification relies on. The caller states the roots; the other defaults are strict.</summary>
public sealed record VerifierOptions
{
    /// <summary>Intel's root alone, with revocation.</summary>
    public static VerifierOptions IntelOnly { get; } = new() { Anchors = [TrustAnchor.Intel] };

    /// <summary>The roots of trust.</summary>
    public required IReadOnlyList<TrustAnchor> Anchors { get; init; }

    /// <summary>Whether collateral without revocation lists is refused. Without them, nobody knows what was revoked.</summary>
    public bool RequireRevocationLists { get; init; } = true;

    /// <summary>The PCK chain (leaf, issuer, root; PEM) for quotes that only name their platform: certification data of types 1 to
    /// 4.</summary>
    public ReadOnlyMemory<byte> PckChain { get; init; }
}
