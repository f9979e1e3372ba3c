using Guardian.Refusals;

namespace Guardian.Attestation.Quotes;

/// <summary>The links of a quote, in the order of their checks. A refusal names its stage in <see cref="RefusalLocation.Part"/>.</summary>
public enum QuoteStage
{
    /// <summary>The format of a quote, or of its carrier.</summary>
    Parse,

    /// <summary>The PCK certificate chain, from the leaf to a known root.</summary>
    CertificateChain,

    /// <summary>The quoting enclave: the signature of its report, and its identity.</summary>
    QuotingEnclave,

    /// <summary>The binding of keys: the attestation key to the QE report, a TLS or statement key to the quote.</summary>
    KeyBinding,

    /// <summary>The attestation key's signature over header and body.</summary>
    Signature,

    /// <summary>Intel's statements about the platform: present, signed by Intel, current, and about this platform.</summary>
    Collateral,

    /// <summary>Revoked certificates.</summary>
    Revocation,

    /// <summary>The security versions: revoked, or at no known level.</summary>
    Tcb,

    /// <summary>The policy's reference values.</summary>
    Policy,
}

/// <summary>Makes refusals of evidence.</summary>
internal static class QuoteRefusal
{
    /// <summary>Makes a refusal that names its stage.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="stage">The first link that failed.</param>
    /// <param name="detail">A sentence for people, lower case, without full stop.</param>
    /// <param name="offset">The position in the bytes, when that helps.</param>
    public static Refusal At(this RefusalReason reason, QuoteStage stage, string detail, int? offset = null) =>
        reason.Because(detail, new RefusalLocation(stage.ToString(), Offset: offset));
}
