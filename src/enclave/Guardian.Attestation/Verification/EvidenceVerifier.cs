using System.Collections.Concurrent;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>
/// A verifier (RFC 9334) with the roots that it accepts and a source of collateral. It verifies links that it has seen before only once.
/// Thread-safe.
/// </summary>
/// <param name="options">The roots of trust, and what is demanded of quotes.</param>
/// <param name="collateral">Finds the collateral of hardware platforms; null refuses their quotes.</param>
public sealed class EvidenceVerifier(VerifierOptions options, ICollateralSource? collateral)
{
    // The quotes of one platform share most of their links. A QuoteVerifier serves one thread at a time.
    private readonly ConcurrentStack<QuoteVerifier> idle = new();

    /// <summary>Makes a verifier that demands all that <see cref="VerifierOptions"/> demands by default.</summary>
    /// <param name="anchors">The roots of trust.</param>
    /// <param name="collateral">Finds the collateral of hardware platforms; null refuses their quotes.</param>
    public EvidenceVerifier(IReadOnlyList<TrustAnchor> anchors, ICollateralSource? collateral)
        : this(new VerifierOptions { Anchors = anchors }, collateral)
    {
    }

    /// <summary>The roots of trust.</summary>
    public IReadOnlyList<TrustAnchor> Anchors => options.Anchors;

    /// <summary>Verifies every link of a quote.</summary>
    /// <param name="quote">The quote exactly as received; at most <see cref="Quote.MaxSize"/> bytes.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <returns>The verified quote, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="IOException">The source of collateral cannot read its file.</exception>
    public Outcome<VerifiedQuote> Verify(ReadOnlyMemory<byte> quote, DateTimeOffset now)
    {
        var verifier = idle.TryPop(out var free) ? free : new QuoteVerifier(options);
        var platform = collateral is null ? null : PlatformId.Of(quote, options.PckChain);
        var outcome = verifier.Verify(quote, platform is null ? null : collateral!.Find(platform), now);
        idle.Push(verifier);
        return outcome;
    }

    /// <summary>
    /// Verifies every link of a quote, and refuses the quote of a trust domain: peers and signers of statements are enclaves.
    /// </summary>
    /// <inheritdoc cref="Verify"/>
    internal Outcome<VerifiedQuote> VerifyEnclave(ReadOnlyMemory<byte> quote, DateTimeOffset now)
    {
        var outcome = Verify(quote, now);
        return outcome.Value is { Tee: not TeeType.Sgx }
            ? QuoteReasons.NotAnEnclave.At(QuoteStage.Parse, "the quote is of a trust domain, not of an SGX enclave")
            : outcome;
    }
}
