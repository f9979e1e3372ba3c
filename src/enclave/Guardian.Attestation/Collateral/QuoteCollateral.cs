namespace Guardian.Attestation.Collateral;

/// <summary>
/// The statements of Intel's Provisioning Certification Service about a platform (RFC 9334: endorsements and reference values), as received
/// and not verified. Immutable; the verifier does not change it.
/// </summary>
public sealed record QuoteCollateral
{
    /// <summary>The signed TCB info, JSON exactly as received; at most 1 MiB.</summary>
    public required ReadOnlyMemory<byte> TcbInfo { get; init; }

    /// <summary>Certificates of the TCB info's signer: signer, root; PEM.</summary>
    public required ReadOnlyMemory<byte> TcbInfoIssuerChain { get; init; }

    /// <summary>The signed identity of the quoting enclave, JSON exactly as received; at most 1 MiB.</summary>
    public required ReadOnlyMemory<byte> QeIdentity { get; init; }

    /// <summary>Certificates of the identity's signer; PEM. Empty means <see cref="TcbInfoIssuerChain"/>.</summary>
    public ReadOnlyMemory<byte> QeIdentityIssuerChain { get; init; }

    /// <summary>The root's revocation list: DER, PEM, hex or base64; at most 4 MiB of DER. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> RootCaCrl { get; init; }

    /// <summary>The PCK issuer's revocation list: DER, PEM, hex or base64; at most 4 MiB of DER. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> PckCrl { get; init; }

    /// <summary>Certificates of the PCK issuer; PEM. Verification uses the certificates in the quote; other tools want these.</summary>
    public ReadOnlyMemory<byte> PckCrlIssuerChain { get; init; }

    /// <summary>The signed identity of Intel's quote verification enclave (QvE), JSON exactly as received. Empty when there is none. The
    /// verifier does not need it; caching services pass it on.</summary>
    public ReadOnlyMemory<byte> QveIdentity { get; init; }

    /// <summary>Certificates of the signer of <see cref="QveIdentity"/>; PEM.</summary>
    public ReadOnlyMemory<byte> QveIdentityIssuerChain { get; init; }
}
