using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Attestation.RaTls;

namespace Guardian.Attestation.Envelopes;

/// <summary>Evidence in an extension of a certificate. Immutable.</summary>
/// <param name="Form">The form, as people call it.</param>
/// <param name="Quote">The quote.</param>
/// <param name="Binding">The bytes with which the quote's report data must begin; empty when <see cref="RaTlsVerifier"/> checks the
/// binding.</param>
internal sealed record CertificateEvidence(string Form, ReadOnlyMemory<byte> Quote, ReadOnlyMemory<byte> Binding)
{
    /// <summary>Open Enclave's. The value is a report, in newer versions inside an OCTET STRING.</summary>
    private const string OpenEnclaveOid = "1.2.840.113556.10.1.1";

    /// <summary>Microsoft Azure Attestation's, with a report of Open Enclave.</summary>
    private const string AzureOid = "1.3.6.1.4.1.311.105.1";

    /// <summary>The Intel SDK's sample of attested TLS puts a quote under the identifier of the PCK certificate's extension.</summary>
    private const string IntelSampleOid = "1.2.840.113741.1.13.1";

    /// <summary>Whether the evidence has a form that <see cref="RaTlsVerifier"/> reads.</summary>
    public bool IsRaTls => Binding.IsEmpty;

    /// <summary>Finds all evidence in a certificate.</summary>
    public static IReadOnlyList<CertificateEvidence> FindAll(Certificate certificate) =>
        [.. certificate.Extensions.Select(extension => Find(certificate, extension)).OfType<CertificateEvidence>()];

    private static CertificateEvidence? Find(Certificate certificate, CertificateExtension extension) => extension.Oid switch
    {
        RaTlsCertificate.TaggedEvidenceOid => new("RA-TLS certificate (TCG DICE)", TaggedQuote(extension.Value), default),
        RaTlsCertificate.LegacyOid or RaTlsCertificate.ProperLegacyOid => new("RA-TLS certificate (Gramine)", extension.Value, default),
        OpenEnclaveOid => FindReport("RA-TLS certificate (Open Enclave)", certificate, extension.Value),
        AzureOid => FindReport("RA-TLS certificate (Azure)", certificate, extension.Value),
        // The extension of a PCK certificate is a SEQUENCE; a quote begins with its version.
        IntelSampleOid when extension.Value.Length > 0 && extension.Value.Span[0] != 0x30 => new(
            "RA-TLS certificate (Intel SDK)", extension.Value, SHA256.HashData(certificate.SubjectPublicKeyInfo.Span)),
        _ => null,
    };

    private static ReadOnlyMemory<byte> TaggedQuote(ReadOnlyMemory<byte> value) =>
        TaggedEvidence.TryRead(value) is var (quote, _) ? quote : default;

    // The hash is of the key as PEM text with a NUL at its end.
    private static CertificateEvidence FindReport(string form, Certificate certificate, ReadOnlyMemory<byte> value)
    {
        var report = OpenEnclaveReport.TryRead(value) ?? OpenEnclaveReport.TryRead(Unwrap(value)) ?? value;
        var pem = PemEncoding.WriteString("PUBLIC KEY", certificate.SubjectPublicKeyInfo.Span);
        return new CertificateEvidence(form, report, SHA256.HashData(Encoding.ASCII.GetBytes($"{pem}\n\0")));
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
