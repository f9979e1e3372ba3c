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
/// <param name="Nonces">The nonces of those who asked for the token; most have one, and a token for several parties has
/// theirs.</param>
/// <param name="Claims">The verifier's claims about the attester, by name; values are texts, numbers or JSON.</param>
/// <param name="Statuses">The verdicts of an EAR by submodule: none, affirming, warning, contraindicated. Empty for other kinds.</param>
public sealed record VerifiedToken(
    TokenKind Kind, string Issuer, string? KeyId, DateTimeOffset? IssuedAt, DateTimeOffset? Expires,
    IReadOnlyList<string> Nonces, IReadOnlyDictionary<string, string> Claims, IReadOnlyDictionary<string, string> Statuses)
{
    /// <summary>The policies of an EAR by submodule, in the order in which the verifier applied them. Empty for other kinds.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> PolicyIds { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Whether the verifier says, of any part of the attester, that its memory is open to the host: a debug enclave or
    /// guest.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Intel's statuses of the attester's TCB, as the verifier found them; empty when it names none.</summary>
    public IReadOnlyList<string> TcbStatuses { get; init; } = [];

    /// <summary>Finds what speaks against the token where a relying party uses it, besides the verdicts.</summary>
    /// <param name="nonce">The nonce that the relying party sent to the verifier; null if it sent none.</param>
    /// <param name="policyId">The only policy that each submodule may have been appraised by; null accepts any.</param>
    /// <returns>One sentence for each problem.</returns>
    public IReadOnlyList<string> FindProblems(string? nonce, string? policyId)
    {
        var problems = new List<string>();
        if (nonce is not null && !Nonces.Contains(nonce))
        {
            problems.Add(
                Nonces.Count == 0
                    ? "it has no nonce, so it may be an earlier answer"
                    : "it has another nonce: it answers another request");
        }
        if (policyId is not null)
        {
            problems.AddRange(Statuses.Keys.Where(name => PolicyIds.GetValueOrDefault(name) is not [var only] || only != policyId)
                .Select(name => $"'{name}' was appraised by another policy than {policyId}: "
                    + (PolicyIds.GetValueOrDefault(name) is { Count: > 0 } found ? string.Join(", ", found) : "none is named")));
        }
        if (policyId is not null && Statuses.Count == 0)
        {
            problems.Add("it names no policy");
        }
        return problems;
    }
}
