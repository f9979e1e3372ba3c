using System.Collections.Concurrent;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Verification;

/// <summary>
/// A verifier (RFC 9334) with the roots it accepts and a source of collateral. It verifies links that it has seen before only once.
/// Thread-safe.
/// </summary>
/// <param name="anchors">The roots of trust.</param>
/// <param name="collateral">Finds the collateral of hardware platforms; their quotes are refused without.</param>
public sealed class EvidenceVerifier(IReadOnlyList<TrustAnchor> anchors, ICollateralSource? collateral)
{
    private readonly VerifierOptions options = new() { Anchors = anchors };

    // The quotes of one platform have most of their links in common. A QuoteVerifier serves one thread at a time.
    private readonly ConcurrentStack<QuoteVerifier> idle = new();

    /// <summary>The roots of trust.</summary>
    public IReadOnlyList<TrustAnchor> Anchors => options.Anchors;

    /// <summary>Verifies every link of a quote.</summary>
    /// <param name="quote">The quote exactly as received; at most <see cref="Quote.MaxSize"/> bytes.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <returns>The verified quote, or the first failed stage. Never throws for any content.</returns>
    public QuoteVerdict Verify(ReadOnlyMemory<byte> quote, DateTimeOffset now)
    {
        var verifier = idle.TryPop(out var free) ? free : new QuoteVerifier(options);
        var platform = collateral is not null && Quote.TryParse(quote, out _) is { } parsed ? PlatformId.Of(parsed) : null;
        var verdict = verifier.Verify(quote, platform is null ? null : collateral!.Find(platform), now);
        idle.Push(verifier);
        return verdict;
    }
}
