using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Sgx;

namespace Guardian.Attestation.RaTls;

/// <summary>
/// TLS certificates that carry the evidence for their own key. Two forms stand side by side: TCG DICE tagged evidence (Interoperable
/// RA-TLS) and Gramine's legacy extension.
/// </summary>
/// <remarks>
/// Legacy: report data = SHA-256(SubjectPublicKeyInfo) || SHA-256(role and context). Tagged evidence: report data = SHA-256(claims) || zero,
/// and role and context are a claim. See docs/spec/evidence.md.
/// </remarks>
public static class RaTlsCertificate
{
    /// <summary>
    /// Gramine's: its content is a whole object identifier with tag and length (1.2.840.113741.1337.6), which parsers show like this.
    /// </summary>
    internal const string LegacyOid = "0.6.9.42.840.113741.1337.6";

    /// <summary>The same identifier, encoded as X.509 means it.</summary>
    internal const string ProperLegacyOid = "1.2.840.113741.1337.6";

    /// <summary>tcg-dice-TaggedEvidence.</summary>
    internal const string TaggedEvidenceOid = "2.23.133.5.4.9";

    // The enclave's clock is the host's: the evidence says who it is, and the verifier's own clock judges the platform's certificates.
    private static readonly DateTimeOffset NotBefore = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>Makes a P-256 key inside the enclave and a self-signed certificate with evidence for it.</summary>
    /// <param name="quotes">Makes the quotes.</param>
    /// <param name="context">What the key is for.</param>
    /// <returns>The certificate with its private key, which is never written anywhere.</returns>
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
        request.CertificateExtensions.Add(new X509Extension(new Oid(TaggedEvidenceOid), TaggedEvidence.Write(tagged, claims), critical: false));
        request.CertificateExtensions.Add(new X509Extension(new Oid(LegacyOid), legacy, critical: false));
        return request.CreateSelfSigned(NotBefore, NotAfter);
    }
}
