namespace Guardian.Attestation.Policy;

/// <summary>The parts of a token besides the appraisal: its freshness, and the key that the evidence names. Immutable.</summary>
public sealed record TokenContext
{
    // RFC 9711, 4.1: a nonce in JSON has 8 to 88 characters.
    private const int MinNonceLength = 8;
    private const int MaxNonceLength = 88;

    /// <summary>A token without nonce and key.</summary>
    public static TokenContext None { get; } = new();

    /// <summary>The nonce of the party that asked for the token: it proves that the token is fresh. Null if there is none.</summary>
    public string? Nonce { get; init; }

    /// <summary>The nonce that was found in the evidence: it proves that the evidence is fresh. Null if there is none.</summary>
    public string? EvidenceNonce { get; init; }

    /// <summary>SHA-256 of the key that the evidence names, 64 lower-case hex digits; null if it names none.</summary>
    public string? KeySha256 { get; init; }

    /// <summary>
    /// The ground on which the evidence is fresh, for the relying party: <c>nonce</c>,
    /// <c>key</c> (the bearer of the token must prove that it holds the
    /// key) or <c>none</c>. Null if nobody examined it.
    /// </summary>
    public string? Freshness { get; init; }

    /// <summary>Whether a text can be a nonce: 8 to 88 printable characters of ASCII.</summary>
    /// <param name="text">The text.</param>
    public static bool IsNonce(string text) =>
        text is { Length: >= MinNonceLength and <= MaxNonceLength } && text.All(each => each is > ' ' and <= '~');

    /// <summary>Throws if a nonce is none.</summary>
    internal void Require()
    {
        foreach (var nonce in new[] { Nonce, EvidenceNonce })
        {
            if (nonce is not null && !IsNonce(nonce))
            {
                throw new ArgumentException("a nonce has 8 to 88 printable characters of ASCII");
            }
        }
    }
}
