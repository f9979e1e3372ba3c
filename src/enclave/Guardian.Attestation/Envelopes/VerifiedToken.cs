namespace Guardian.Attestation.Envelopes;

/// <summary>The kinds of attestation results.</summary>
public enum TokenKind
{
    /// <summary>Microsoft Azure Attestation.</summary>
    Azure,

    /// <summary>Intel Trust Authority.</summary>
    IntelTrustAuthority,

    /// <summary>EAT Attestation Result (draft-ietf-rats-ear), as Veraison's and Guardian's verifiers sign it.</summary>
    Ear,
}

/// <summary>An attestation result whose signature and dates hold. Another verifier appraised the evidence. Immutable.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Issuer">The verifier, as it names itself.</param>
/// <param name="KeyId">The key that signed it; null when the token names none.</param>
/// <param name="IssuedAt">The instant of issue; null when the token has none.</param>
/// <param name="Expires">The end of its validity; null when the token has none.</param>
/// <param name="Nonce">The relying party's nonce; null when the token has none.</param>
/// <param name="Claims">The verifier's claims about the attester, by name; values are texts, numbers or JSON.</param>
/// <param name="Statuses">The verdicts of an EAR by submodule: none, affirming, warning, contraindicated. Empty for other kinds.</param>
public sealed record VerifiedToken(
    TokenKind Kind, string Issuer, string? KeyId, DateTimeOffset? IssuedAt, DateTimeOffset? Expires, string? Nonce,
    IReadOnlyDictionary<string, string> Claims, IReadOnlyDictionary<string, string> Statuses);
