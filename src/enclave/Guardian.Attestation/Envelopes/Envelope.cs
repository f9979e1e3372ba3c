using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Envelopes;

/// <summary>The forms in which evidence and attestation results travel.</summary>
public enum EnvelopeKind
{
    /// <summary>A quote without an envelope.</summary>
    Quote,

    /// <summary>Open Enclave's report: a header of 16 bytes and a quote. EGo and Azure's samples make it.</summary>
    OpenEnclaveReport,

    /// <summary>An X.509 certificate that carries evidence for its own key.</summary>
    Certificate,

    /// <summary>The answer of a MarbleRun coordinator: its root certificate, and a quote that names the certificate.</summary>
    MarbleRunQuote,

    /// <summary>A JWT of another verifier: an attestation result (RFC 9334), not evidence.</summary>
    Token,
}

/// <summary>Evidence or an attestation result as it was found, read and not verified. Immutable.</summary>
/// <param name="Kind">The form.</param>
/// <param name="Name">The form, as people call it.</param>
/// <param name="Content">The quote of a quote, a report or a coordinator; the DER of a certificate; the characters of a token.</param>
public sealed record Envelope(EnvelopeKind Kind, string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>The certificate beside the quote, DER: a coordinator's root. Empty in other forms.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>The quotes inside, to find the collateral of their platform; none in a token.</summary>
    /// <returns>Each quote as it was found; it may be malformed.</returns>
    public IEnumerable<ReadOnlyMemory<byte>> FindQuotes() => Kind switch
    {
        EnvelopeKind.Token => [],
        EnvelopeKind.Certificate => Pki.Certificate.TryRead(Content) is { } certificate
            ? CertificateEvidence.FindAll(certificate).Select(evidence => evidence.Quote)
            : [],
        _ => [Content],
    };
}
