using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.RaTls;

/// <summary>
/// TLS certificates that carry the evidence for their own key. Two forms stand side by side: TCG DICE tagged evidence (Interoperable
/// RA-TLS) and Gramine's legacy extension. Thread-safe.
/// </summary>
/// <remarks>
/// Legacy: report data = SHA-256(SubjectPublicKeyInfo) || SHA-256(role and context). Tagged evidence: report data = SHA-256(claims) || 0,
/// and the role and context are a claim (docs/spec/evidence.md).
/// </remarks>
public static class RaTlsCertificate
{
    /// <summary>
    /// Gramine's: its content is a whole object identifier with tag and length (1.2.840.113741.1337.6), which parsers show in this form.
    /// </summary>
    internal const string LegacyOid = "0.6.9.42.840.113741.1337.6";

    /// <summary>The same identifier in the encoding of X.509.</summary>
    internal const string ProperLegacyOid = "1.2.840.113741.1337.6";

    /// <summary>tcg-dice-TaggedEvidence.</summary>
    internal const string TaggedEvidenceOid = "2.23.133.5.4.9";

    // The host sets the enclave's clock, so the dates prove nothing. The verifier checks the platform's certificates by its own clock.
    private static readonly DateTimeOffset NotBefore = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>Makes a P-256 key inside the enclave and a self-signed certificate with evidence for it.</summary>
    /// <param name="quotes">Makes the quotes.</param>
    /// <param name="context">The role and context of the key.</param>
    /// <returns>The certificate with its private key, which is never written anywhere. The caller disposes it.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static X509Certificate2 Create(IQuoteProvider quotes, EvidenceContext context)
    {
        ArgumentNullException.ThrowIfNull(quotes);
        ArgumentNullException.ThrowIfNull(context);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keyHash = SHA256.HashData(key.ExportSubjectPublicKeyInfo());
        var legacy = quotes.CreateQuote([.. keyHash, .. context.ComputeBinding()]);
        var claims = TaggedEvidence.WriteClaims(keyHash, context);
        var tagged = quotes.CreateQuote([.. SHA256.HashData(claims), .. new byte[ReportBody.ReportDataSize - SHA256.HashSizeInBytes]]);

        var request = new CertificateRequest("CN=Guardian enclave", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509Extension(new Oid(TaggedEvidenceOid), TaggedEvidence.Write(tagged, claims), critical: false));
        request.CertificateExtensions.Add(new X509Extension(new Oid(LegacyOid), legacy, critical: false));
        return request.CreateSelfSigned(NotBefore, NotAfter);
    }
}
