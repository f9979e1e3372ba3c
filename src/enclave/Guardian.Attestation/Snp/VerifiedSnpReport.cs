namespace Guardian.Attestation.Snp;

/// <summary>A report of SEV-SNP whose every link was verified at a stated instant. Only <see cref="SnpVerifier"/> makes one.
/// Immutable.</summary>
public sealed class VerifiedSnpReport
{
    internal VerifiedSnpReport(SnpReport report, SnpLeaf leaf)
    {
        Report = report;
        ProductName = leaf.ProductName;
        Provider = leaf.Provider;
        Tcb = leaf.Tcb;
    }

    /// <summary>The report.</summary>
    public SnpReport Report { get; }

    /// <summary>The processor's name in the certificate, such as <c>Milan-B0</c>.</summary>
    public string ProductName { get; }

    /// <summary>The cloud provider for whom AMD certified a VLEK; null for a VCEK, which is of one chip.</summary>
    public string? Provider { get; }

    /// <summary>The reported TCB, which equals the certified one.</summary>
    public SnpTcb Tcb { get; }

    /// <summary>SHA-256 of the root's public key as SubjectPublicKeyInfo in DER, 64 lower-case hex digits.</summary>
    public required string RootKeyHash { get; init; }

    /// <summary>Whether that root is one of AMD's.</summary>
    public required bool IsRootAmd { get; init; }

    /// <summary>The instant of verification.</summary>
    public required DateTimeOffset VerifiedAt { get; init; }

    /// <summary>Whether a revocation list was compared; see <see cref="SnpOptions.RequireRevocationList"/>.</summary>
    public required bool IsRevocationKnown { get; init; }

    /// <summary>The last instant at which every document is valid.</summary>
    public required DateTimeOffset EarliestExpiry { get; init; }
}
