namespace Guardian.Attestation.Verification;

/// <summary>What a verification rests on. The defaults are strict; each loosening has its name.</summary>
public sealed record VerifierOptions
{
    /// <summary>Intel's root alone, with revocation.</summary>
    public static VerifierOptions Default { get; } = new();

    /// <summary>Intel's root and that of simulated platforms: for who asks a policy which of the two is welcome.</summary>
    public static VerifierOptions AnyPlatform { get; } = new() { Anchors = [TrustAnchor.Intel, TrustAnchor.Simulated] };

    /// <summary>The roots of trust.</summary>
    public IReadOnlyList<TrustAnchor> Anchors { get; init; } = [TrustAnchor.Intel];

    /// <summary>Whether collateral without revocation lists is refused. Without them, nobody knows what was revoked.</summary>
    public bool RequireRevocationLists { get; init; } = true;

    /// <summary>The PCK chain (leaf, issuer, root; PEM) for quotes that only name their platform: certification data of types 1 to 4.</summary>
    public ReadOnlyMemory<byte> PckChain { get; init; }
}
