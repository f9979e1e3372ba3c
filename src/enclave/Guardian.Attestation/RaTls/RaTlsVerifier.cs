using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Sgx;

namespace Guardian.Attestation.RaTls;

/// <summary>A verified peer: its quote, and what its key is for.</summary>
/// <param name="Context">The role and context of our evidence; null for evidence of others, such as Gramine's own.</param>
/// <param name="SubjectPublicKeyInfo">DER of the key that the quote names.</param>
public sealed record RaTlsPeer(VerifiedQuote Quote, EvidenceContext? Context, ReadOnlyMemory<byte> SubjectPublicKeyInfo);

/// <summary>A verified peer, or the first link that failed.</summary>
public readonly record struct RaTlsVerdict(RaTlsPeer? Peer, QuoteFailure? Failure)
{
    /// <summary>Whether every link holds.</summary>
    [MemberNotNullWhen(true, nameof(Peer))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Peer is not null;
}

/// <summary>Verifies RA-TLS certificates, ours and Gramine's. Whether the enclave is welcome is the policy's to say.</summary>
public static class RaTlsVerifier
{
    // A certificate with two quotes has some 10 KiB.
    private const int MaxCertificateSize = 256 * 1024;

    /// <summary>Verifies a certificate, every evidence in it, and that each names the certificate's key.</summary>
    /// <param name="certificateDer">The certificate as the peer sent it.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="verifier">Verifies the quotes.</param>
    /// <returns>The peer, or the first failed stage. Never throws for any content.</returns>
    public static RaTlsVerdict Verify(ReadOnlyMemory<byte> certificateDer, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(verifier);
        if (certificateDer.Length > MaxCertificateSize || Certificate.TryRead(certificateDer) is not { } certificate)
        {
            return Fail(QuoteStage.Parse, "bad-certificate", "the peer's certificate is not X.509 as it should be");
        }
        if (!certificate.IsValidAt(now))
        {
            return Fail(QuoteStage.Parse, "not-valid-now", $"the peer's certificate is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, not at {now:u}");
        }
        RaTlsPeer? peer = null;
        if (certificate.Find(RaTlsCertificate.TaggedEvidenceOid) is { } tagged)
        {
            var verdict = VerifyTagged(tagged.Value, certificate, now, verifier);
            if (!verdict.IsVerified)
            {
                return verdict;
            }
            peer = verdict.Peer;
        }
        if ((certificate.Find(RaTlsCertificate.LegacyOid) ?? certificate.Find(RaTlsCertificate.ProperLegacyOid)) is { } legacy)
        {
            var verdict = VerifyLegacy(legacy.Value, certificate, peer?.Context, now, verifier);
            if (!verdict.IsVerified)
            {
                return verdict;
            }
            if (peer is not null && !Agree(peer, verdict.Peer))
            {
                return Fail(QuoteStage.KeyBinding, "evidence-disagrees", "the certificate carries evidence of two different enclaves");
            }
            peer = verdict.Peer;
        }
        return peer is not null
            ? new RaTlsVerdict(peer, null)
            : Fail(QuoteStage.Parse, "no-evidence", "the peer's certificate carries no quote: it is no attested enclave");
    }

    private static RaTlsVerdict VerifyTagged(ReadOnlyMemory<byte> value, Certificate certificate, DateTimeOffset now, EvidenceVerifier verifier)
    {
        if (TaggedEvidence.TryRead(value) is not var (quote, claims) || TaggedEvidence.TryReadClaims(claims) is not var (keyHash, context))
        {
            return Fail(QuoteStage.Parse, "bad-evidence", "the tagged evidence in the peer's certificate is malformed");
        }
        var verdict = VerifyEnclave(quote, now, verifier);
        if (!verdict.IsVerified)
        {
            return new RaTlsVerdict(null, verdict.Failure);
        }
        Span<byte> expected = stackalloc byte[ReportBody.ReportDataSize];
        expected.Clear();
        SHA256.HashData(claims.Span, expected);
        return CryptographicOperations.FixedTimeEquals(expected, verdict.Quote.ReportData.Span) && IsHashOf(keyHash.Span, certificate)
            ? new RaTlsVerdict(new RaTlsPeer(verdict.Quote, context, certificate.SubjectPublicKeyInfo), null)
            : NotBound();
    }

    // Our peers are enclaves; a trust domain has none of the identity that policies name.
    private static QuoteVerdict VerifyEnclave(ReadOnlyMemory<byte> quote, DateTimeOffset now, EvidenceVerifier verifier)
    {
        var verdict = verifier.Verify(quote, now);
        return verdict.Quote is { Tee: not TeeType.Sgx }
            ? new QuoteVerdict(null, new QuoteFailure(QuoteStage.Parse, "not-an-enclave", "the peer's quote is of a trust domain, not of an SGX enclave"))
            : verdict;
    }

    private static RaTlsVerdict VerifyLegacy(
        ReadOnlyMemory<byte> value, Certificate certificate, EvidenceContext? context, DateTimeOffset now, EvidenceVerifier verifier)
    {
        var verdict = VerifyEnclave(value, now, verifier);
        if (!verdict.IsVerified)
        {
            return new RaTlsVerdict(null, verdict.Failure);
        }
        var reportData = verdict.Quote.ReportData;
        if (!IsHashOf(reportData.Span[..SHA256.HashSizeInBytes], certificate))
        {
            return NotBound();
        }
        // Only the tagged evidence names role and context in clear. Alone, the legacy form is evidence without a role.
        return context is null || context.ComputeBinding().AsSpan().SequenceEqual(reportData.Span[SHA256.HashSizeInBytes..])
            ? new RaTlsVerdict(new RaTlsPeer(verdict.Quote, context, certificate.SubjectPublicKeyInfo), null)
            : Fail(QuoteStage.KeyBinding, "evidence-disagrees", "the certificate carries evidence of two different roles or contexts");
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

    private static bool Agree(RaTlsPeer one, RaTlsPeer other) =>
        one.Quote.Platform == other.Quote.Platform
        && one.Quote.Report.MrEnclave == other.Quote.Report.MrEnclave
        && one.Quote.Report.MrSigner == other.Quote.Report.MrSigner
        && one.Quote.Report.IsvProdId == other.Quote.Report.IsvProdId
        && one.Quote.Report.IsvSvn == other.Quote.Report.IsvSvn
        && one.Quote.Report.Attributes == other.Quote.Report.Attributes
        && Equals(one.Context, other.Context);

    private static RaTlsVerdict NotBound() =>
        Fail(QuoteStage.KeyBinding, "key-not-bound", "the quote in the peer's certificate belongs to another key");

    private static RaTlsVerdict Fail(QuoteStage stage, string reason, string detail) => new(null, new QuoteFailure(stage, reason, detail));
}
