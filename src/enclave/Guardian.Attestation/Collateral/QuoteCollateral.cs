namespace Guardian.Attestation.Collateral;

/// <summary>
/// What Intel's Provisioning Certification Service says about a platform (RFC 9334: endorsements and reference values), as it was received
/// and not
/// yet verified. Immutable; verifying a quote does not change it.
/// </summary>
public sealed record QuoteCollateral
{
    /// <summary>The signed TCB info, JSON as received.</summary>
    public required ReadOnlyMemory<byte> TcbInfo { get; init; }

    /// <summary>Certificates of who signed the TCB info: signer, root; PEM.</summary>
    public required ReadOnlyMemory<byte> TcbInfoIssuerChain { get; init; }

    /// <summary>The signed identity of the quoting enclave, JSON as received.</summary>
    public required ReadOnlyMemory<byte> QeIdentity { get; init; }

    /// <summary>Certificates of who signed the identity; PEM. Empty means the same as for the TCB info.</summary>
    public ReadOnlyMemory<byte> QeIdentityIssuerChain { get; init; }

    /// <summary>The root's revocation list: DER, PEM or hex. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> RootCaCrl { get; init; }

    /// <summary>The PCK issuer's revocation list: DER, PEM or hex. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> PckCrl { get; init; }

    /// <summary>Certificates of the PCK issuer; PEM. Kept for others: the quote brings its own.</summary>
    public ReadOnlyMemory<byte> PckCrlIssuerChain { get; init; }
}
