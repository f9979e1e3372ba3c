using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Attestation.RaTls;

namespace Guardian.Attestation.Envelopes;

/// <summary>Evidence in an extension of a certificate. Immutable.</summary>
/// <param name="Form">The form, as people call it.</param>
/// <param name="Quote">The quote.</param>
/// <param name="Bindings">The hashes of the key, with one of which the quote's report data must begin; empty when
/// <see cref="RaTlsVerifier"/> checks the binding.</param>
internal sealed record CertificateEvidence(string Form, ReadOnlyMemory<byte> Quote, params IReadOnlyList<byte[]> Bindings)
{
    private const string OpenEnclave = "RA-TLS certificate (Open Enclave)";

    /// <summary>Identifiers of Open Enclave with a report, in newer versions inside an OCTET STRING. EGo and Microsoft Azure Attestation
    /// use the second one.</summary>
    private const string ReportOid = "1.2.840.113556.10.1.1";
    private const string NewReportOid = "1.3.6.1.4.1.311.105.1";

    /// <summary>Identifiers of Open Enclave with evidence of its attestation plugins.</summary>
    private const string EvidenceOid = "1.2.840.113556.10.1.2";
    private const string NewEvidenceOid = "1.3.6.1.4.1.311.105.2";

    /// <summary>The Intel SDK's sample of attested TLS puts a quote under the identifier of the PCK certificate's extension.</summary>
    private const string IntelSampleOid = "1.2.840.113741.1.13.1";

    /// <summary>Whether the evidence has a form that <see cref="RaTlsVerifier"/> reads.</summary>
    public bool IsRaTls => Bindings.Count == 0;

    /// <summary>Finds all evidence in a certificate.</summary>
    public static IReadOnlyList<CertificateEvidence> FindAll(Certificate certificate) =>
        [.. certificate.Extensions.Select(extension => Find(certificate, extension)).OfType<CertificateEvidence>()];

    private static CertificateEvidence? Find(Certificate certificate, CertificateExtension extension) => extension.Oid switch
    {
        RaTlsCertificate.TaggedEvidenceOid => new("RA-TLS certificate (TCG DICE)", TaggedQuote(extension.Value)),
        RaTlsCertificate.LegacyOid or RaTlsCertificate.ProperLegacyOid => new("RA-TLS certificate (Gramine)", extension.Value),
        ReportOid or EvidenceOid or NewEvidenceOid => FindReport(OpenEnclave, certificate, extension.Value),
        NewReportOid => FindReport("RA-TLS certificate (Open Enclave, EGo or Azure)", certificate, extension.Value),
        // The extension of a PCK certificate is a SEQUENCE; a quote begins with its version.
        IntelSampleOid when extension.Value.Length > 0 && extension.Value.Span[0] != 0x30 => new(
            "RA-TLS certificate (Intel SDK)", extension.Value, certificate.KeyHash),
        _ => null,
    };

    private static ReadOnlyMemory<byte> TaggedQuote(ReadOnlyMemory<byte> value) =>
        TaggedEvidence.TryRead(value) is var (quote, _) ? quote : default;

    private static CertificateEvidence FindReport(string form, Certificate certificate, ReadOnlyMemory<byte> value)
    {
        var report = OpenEnclaveReport.TryRead(value) ?? OpenEnclaveReport.TryRead(Unwrap(value)) ?? value;
        var pem = PemEncoding.WriteString("PUBLIC KEY", certificate.SubjectPublicKeyInfo.Span);
        // Open Enclave hashes the key as PEM text with a NUL at its end, EGo its DER.
        return new CertificateEvidence(
            form, report, SHA256.HashData(Encoding.ASCII.GetBytes($"{pem}\n\0")), certificate.KeyHash);
    }

    private static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> value)
    {
        try
        {
            var reader = new AsnReader(value, AsnEncodingRules.DER);
            var content = reader.ReadOctetString();
            return reader.HasData ? value : content;
        }
        catch (AsnContentException)
        {
            return value;
        }
    }
}
