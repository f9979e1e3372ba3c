using Guardian.Attestation.Collateral;

namespace Guardian.Attestation.Quotes;

/// <summary>The links of a quote, in the order they are checked.</summary>
public enum QuoteStage
{
    /// <summary>The format, of a quote or of what carries it.</summary>
    Parse,

    /// <summary>The PCK certificate chain, from the leaf to a known root.</summary>
    CertificateChain,

    /// <summary>The quoting enclave: its report's signature, and whether it is one that may quote.</summary>
    QuotingEnclave,

    /// <summary>That the quote belongs to the key: the attestation key to the QE report, a TLS or statement key to the quote.</summary>
    KeyBinding,

    /// <summary>The signature over what is claimed.</summary>
    Signature,

    /// <summary>Intel's statements about the platform: that they are there, Intel's, current, and about this platform.</summary>
    Collateral,

    /// <summary>Certificates that were taken back.</summary>
    Revocation,

    /// <summary>The security versions: revoked, or at no level that is known.</summary>
    Tcb,
}

/// <summary>Why evidence was refused.</summary>
/// <param name="Stage">The first link that failed.</param>
/// <param name="Reason">Stable word for programs.</param>
/// <param name="Detail">Sentence for people, lower case, without full stop.</param>
/// <param name="Offset">Where in the bytes, when that helps.</param>
public sealed record QuoteFailure(QuoteStage Stage, string Reason, string Detail, int? Offset = null)
{
    /// <summary>The TCB status, when that is what failed.</summary>
    public TcbStatus? Status { get; init; }
}
