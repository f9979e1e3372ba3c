using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.RaTls;

/// <summary>A verified peer: its quote, and what its key is for. Immutable.</summary>
/// <param name="Quote">The verified quote.</param>
/// <param name="Context">The role and context; null in the evidence of other programs, such as Gramine's own.</param>
/// <param name="SubjectPublicKeyInfo">The key that the quote names, DER.</param>
public sealed record RaTlsPeer(VerifiedQuote Quote, EvidenceContext? Context, ReadOnlyMemory<byte> SubjectPublicKeyInfo);

/// <summary>Verifies RA-TLS certificates, ours and Gramine's. A policy decides whether the enclave is accepted. Thread-safe.</summary>
public static class RaTlsVerifier
{
    // A certificate with two quotes has about 10 KiB.
    private const int MaxCertificateSize = 256 * 1024;

    /// <summary>Verifies a certificate, every evidence in it, and that each evidence names the certificate's key.</summary>
    /// <param name="certificateDer">The certificate as the peer sent it, DER; at most 256 KiB. Empty when the peer sent none.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="verifier">Verifies the quotes.</param>
    /// <returns>The peer, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="verifier"/> is null.</exception>
    public static Outcome<RaTlsPeer> Verify(ReadOnlyMemory<byte> certificateDer, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(verifier);
        if (certificateDer.Length > MaxCertificateSize || Certificate.TryRead(certificateDer) is not { } certificate)
        {
            return QuoteReasons.BadCertificate.At(QuoteStage.Parse, "the peer's certificate is not a well-formed X.509 certificate");
        }
        if (!certificate.IsValidAt(now))
        {
            return QuoteReasons.NotValidNow.At(
                QuoteStage.Parse,
                $"the peer's certificate is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, not at {now:u}");
        }
        RaTlsPeer? peer = null;
        if (certificate.Find(RaTlsCertificate.TaggedEvidenceOid) is { } tagged)
        {
            (peer, var refusal) = VerifyTagged(tagged.Value, certificate, now, verifier);
            if (peer is null)
            {
                return refusal!;
            }
        }
        foreach (var legacy in certificate.Extensions.Where(
            each => each.Oid is RaTlsCertificate.LegacyOid or RaTlsCertificate.ProperLegacyOid))
        {
            var (other, refusal) = VerifyLegacy(legacy.Value, certificate, peer?.Context, now, verifier);
            if (other is null)
            {
                return refusal!;
            }
            if (peer is not null && !(IsSameEnclave(peer.Quote, other.Quote) && Equals(peer.Context, other.Context)))
            {
                return QuoteReasons.EvidenceDisagrees.At(
                    QuoteStage.KeyBinding, "the certificate carries evidence of two different enclaves");
            }
            peer = other;
        }
        return peer is not null
            ? peer
            : QuoteReasons.NoEvidence.At(QuoteStage.Parse, "the peer's certificate carries no quote: it is no attested enclave");
    }

    private static Outcome<RaTlsPeer> VerifyTagged(
        ReadOnlyMemory<byte> value, Certificate certificate, DateTimeOffset now, EvidenceVerifier verifier)
    {
        if (TaggedEvidence.TryRead(value) is not var (quoteBytes, claims)
            || TaggedEvidence.TryReadClaims(claims) is not var (keyHash, context))
        {
            return QuoteReasons.BadEvidence.At(QuoteStage.Parse, "the tagged evidence in the peer's certificate is malformed");
        }
        var (quote, refusal) = verifier.VerifyEnclave(quoteBytes, now);
        if (quote is null)
        {
            return refusal!;
        }
        Span<byte> expected = stackalloc byte[ReportBody.ReportDataSize];
        expected.Clear();
        SHA256.HashData(claims.Span, expected);
        return CryptographicOperations.FixedTimeEquals(expected, quote.ReportData.Span) && IsHashOf(keyHash.Span, certificate)
            ? new RaTlsPeer(quote, context, certificate.SubjectPublicKeyInfo)
            : NotBound();
    }

    private static Outcome<RaTlsPeer> VerifyLegacy(
        ReadOnlyMemory<byte> value, Certificate certificate, EvidenceContext? context, DateTimeOffset now, EvidenceVerifier verifier)
    {
        var (quote, refusal) = verifier.VerifyEnclave(value, now);
        if (quote is null)
        {
            return refusal!;
        }
        if (!IsHashOf(quote.ReportData.Span[..SHA256.HashSizeInBytes], certificate))
        {
            return NotBound();
        }
        // Only the tagged evidence has the role and context in clear. The legacy form alone is evidence without a role, and then it binds
        // nothing but the key: evidence with a role must not pass for evidence without one when its tagged half is removed.
        var binding = context?.ComputeBinding() ?? new byte[EvidenceContext.BindingSize];
        return CryptographicOperations.FixedTimeEquals(binding, quote.ReportData.Span[SHA256.HashSizeInBytes..])
            ? new RaTlsPeer(quote, context, certificate.SubjectPublicKeyInfo)
            : QuoteReasons.EvidenceDisagrees.At(
                QuoteStage.KeyBinding, "the two halves of the certificate's evidence have different roles or contexts");
    }

    private static bool IsHashOf(ReadOnlySpan<byte> hash, Certificate certificate)
    {
        var key = certificate.SubjectPublicKeyInfo.Span;
        var expected = hash.Length switch
        {
            SHA512.HashSizeInBytes => SHA512.HashData(key),
            SHA384.HashSizeInBytes => SHA384.HashData(key),
            _ => SHA256.HashData(key),
        };
        return CryptographicOperations.FixedTimeEquals(hash, expected);
    }

    /// <summary>Whether two quotes are of one enclave, as far as a policy sees it.</summary>
    internal static bool IsSameEnclave(VerifiedQuote one, VerifiedQuote other) =>
        one.Platform == other.Platform
        && one.Report.MrEnclave == other.Report.MrEnclave
        && one.Report.MrSigner == other.Report.MrSigner
        && one.Report.IsvProdId == other.Report.IsvProdId
        && one.Report.IsvSvn == other.Report.IsvSvn
        && one.Report.Attributes == other.Report.Attributes
        && one.Report.ConfigId.Span.SequenceEqual(other.Report.ConfigId.Span);

    private static Refusal NotBound() =>
        QuoteReasons.KeyNotBound.At(QuoteStage.KeyBinding, "the quote in the peer's certificate belongs to another key");
}
