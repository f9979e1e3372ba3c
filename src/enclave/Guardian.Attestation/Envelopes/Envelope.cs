using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Refusals;

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

    /// <summary>An attestation report of AMD SEV-SNP, bare or as Azure stores it.</summary>
    SnpReport,

    /// <summary>A JWT of another verifier: an attestation result (RFC 9334), not evidence.</summary>
    Token,
}

/// <summary>Evidence or an attestation result as it was found, read and not verified. Immutable.</summary>
/// <param name="Kind">The form.</param>
/// <param name="Name">The form, as people call it.</param>
/// <param name="Content">The quote of a quote, a report or a coordinator; the report of SEV-SNP; the DER of a certificate; the
/// characters of a token.</param>
public sealed record Envelope(EnvelopeKind Kind, string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>The certificate beside the quote, DER: a coordinator's root. Empty in other forms.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>The nonce for which a coordinator made its quote, which its answer does not repeat; empty for a quote without one. The
    /// caller adds it: a quote for another nonce or for none, and evidence of another kind, is then refused.</summary>
    public ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>Data beside a report of SEV-SNP, which the report must name: Azure's runtime data. Empty in other forms.</summary>
    public ReadOnlyMemory<byte> RuntimeData { get; init; }

    /// <summary>Verifies a report of SEV-SNP, and that it names the data beside it.</summary>
    /// <param name="endorsements">AMD's documents about the platform; null refuses, and says where they are.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="options">The roots, and whether revocation must be known.</param>
    /// <returns>The verified report, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="InvalidOperationException">The envelope is of another kind.</exception>
    public Outcome<VerifiedSnpReport> VerifySnp(SnpEndorsements? endorsements, DateTimeOffset now, SnpOptions options)
    {
        if (Kind != EnvelopeKind.SnpReport)
        {
            throw new InvalidOperationException($"a {Name} is no report of SEV-SNP");
        }
        var outcome = SnpVerifier.Verify(Content, endorsements, now, options);
        return outcome.Value is { } verified && !RuntimeData.IsEmpty && !AzureReport.Names(verified.Report, RuntimeData)
            ? QuoteReasons.KeyNotBound.At(QuoteStage.KeyBinding, "the report does not name the runtime data beside it")
            : outcome;
    }

    /// <summary>The quotes inside, to find the collateral of their platform; none in a token and in a report of SEV-SNP.</summary>
    /// <returns>Each quote as it was found; it may be malformed.</returns>
    public IEnumerable<ReadOnlyMemory<byte>> FindQuotes() => Kind switch
    {
        EnvelopeKind.Token or EnvelopeKind.SnpReport => [],
        EnvelopeKind.Certificate => Pki.Certificate.TryRead(Content) is { } certificate
            ? CertificateEvidence.FindAll(certificate).Select(evidence => evidence.Quote)
            : [],
        _ => [Content],
    };
}
