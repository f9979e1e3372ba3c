using System.Security.Cryptography;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Envelopes;

/// <summary>A verified envelope. Immutable.</summary>
/// <param name="Quote">The verified quote.</param>
/// <param name="KeySha256">SHA-256 of the SubjectPublicKeyInfo that the quote names, 64 lower-case hex digits; null when the
/// envelope has no key.</param>
public sealed record VerifiedEnvelope(VerifiedQuote Quote, string? KeySha256);

/// <summary>Verifies the quote in an envelope, and that it names the envelope's key. A policy decides whether it is accepted.
/// Thread-safe.</summary>
/// <param name="verifier">Verifies the quotes.</param>
public sealed class EnvelopeVerifier(EvidenceVerifier verifier)
{
    /// <summary>Verifies an envelope.</summary>
    /// <param name="envelope">The envelope; a token is verified by <see cref="TokenVerifier"/>.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <returns>The verified envelope, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="ArgumentException">The envelope is a token.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="envelope"/> is null.</exception>
    public Outcome<VerifiedEnvelope> Verify(Envelope envelope, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        switch (envelope.Kind)
        {
            case EnvelopeKind.Token:
                throw new ArgumentException("a token is an attestation result, not evidence", nameof(envelope));
            case EnvelopeKind.SnpReport:
                return QuoteReasons.UnsupportedTee.At(QuoteStage.Parse, "a report of SEV-SNP is no quote: Envelope.VerifySnp verifies it");
            // A nonce without effect would be believed in.
            case not EnvelopeKind.MarbleRunQuote when !envelope.Nonce.IsEmpty:
                return QuoteReasons.KeyNotBound.At(
                    QuoteStage.KeyBinding, $"a nonce is for the quote of a MarbleRun coordinator, and this is a {envelope.Name}") with
                {
                    Remedy = "omit the nonce, and compare the report data with it",
                };
            case EnvelopeKind.Certificate:
                return VerifyCertificate(envelope.Content, now);
            case EnvelopeKind.MarbleRunQuote:
                return VerifyAnswer(envelope, now);
            default:
                var (quote, refusal) = verifier.Verify(envelope.Content, now);
                return quote is null ? refusal! : new VerifiedEnvelope(quote, null);
        }
    }

    // MarbleRun's coordinator: SHA-256 of its root's DER, and of a nonce behind it, if it was asked with one.
    private Outcome<VerifiedEnvelope> VerifyAnswer(Envelope envelope, DateTimeOffset now)
    {
        var hash = SHA256.HashData([.. envelope.Certificate.Span, .. envelope.Nonce.Span]);
        var outcome = Verify(envelope.Content, [hash], Certificate.TryRead(envelope.Certificate), now);
        return outcome.Refusal is not { } refusal || refusal.Reason != QuoteReasons.KeyNotBound ? outcome
            : envelope.Nonce.IsEmpty
                ? refusal with { Remedy = "if the coordinator was asked with a nonce, give the nonce too: guardian verify --nonce NONCE" }
            : QuoteReasons.KeyNotBound.At(
                QuoteStage.KeyBinding, "the quote does not name the certificate beside it together with the nonce") with
            {
                Remedy = "ask the coordinator for a quote with this nonce: /api/v2/quote?nonce=NONCE",
            };
    }

    private Outcome<VerifiedEnvelope> VerifyCertificate(ReadOnlyMemory<byte> der, DateTimeOffset now)
    {
        if (Certificate.TryRead(der) is not { } certificate || CertificateEvidence.FindAll(certificate) is not { Count: > 0 } evidence)
        {
            return QuoteReasons.NoEvidence.At(QuoteStage.Parse, "the certificate carries no evidence");
        }
        VerifiedEnvelope? verified = null;
        if (evidence.Any(each => each.IsRaTls))
        {
            var (peer, refusal) = RaTlsVerifier.Verify(der, now, verifier);
            if (peer is null)
            {
                return refusal!;
            }
            verified = new VerifiedEnvelope(peer.Quote, Convert.ToHexStringLower(certificate.KeyHash));
        }
        else if (!certificate.IsValidAt(now))
        {
            return QuoteReasons.NotValidNow.At(
                QuoteStage.Parse, $"the certificate is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, not at {now:u}");
        }
        // All evidence must hold: a certificate with one good and one forged quote is forged.
        foreach (var each in evidence.Where(each => !each.IsRaTls))
        {
            var (other, refusal) = Verify(each.Quote, each.Bindings, certificate, now);
            if (other is null)
            {
                return refusal!;
            }
            if (verified is not null && !RaTlsVerifier.IsSameEnclave(verified.Quote, other.Quote))
            {
                return QuoteReasons.EvidenceDisagrees.At(
                    QuoteStage.KeyBinding, "the certificate carries evidence of two different enclaves");
            }
            verified = other;
        }
        return verified!;
    }

    private Outcome<VerifiedEnvelope> Verify(
        ReadOnlyMemory<byte> quoteBytes, IReadOnlyList<byte[]> bindings, Certificate? certificate, DateTimeOffset now)
    {
        var (quote, refusal) = verifier.VerifyEnclave(quoteBytes, now);
        if (quote is null)
        {
            return refusal!;
        }
        return certificate is not null
            && bindings.Any(binding => quote.ReportData.Span.StartsWith(binding))
            && !quote.ReportData.Span[SHA256.HashSizeInBytes..].ContainsAnyExcept((byte)0)
                ? new VerifiedEnvelope(quote, Convert.ToHexStringLower(certificate.KeyHash))
                : QuoteReasons.KeyNotBound.At(QuoteStage.KeyBinding, "the quote does not name the certificate beside it");
    }
}
