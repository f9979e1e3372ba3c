using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Sgx;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Verification;

/// <summary>A quote whose every link was verified at a stated instant. Only a verifier makes one. Immutable.</summary>
public sealed class VerifiedQuote
{
    private readonly Quote quote;

    internal VerifiedQuote(Quote quote, PckChain chain, TcbReport? tcb, DateTimeOffset verifiedAt, bool isRevocationKnown)
    {
        this.quote = quote;
        Platform = chain.Anchor.Platform;
        RootName = chain.Anchor.Name;
        RootKeyHash = chain.Anchor.KeyHash;
        IsRootIntel = chain.Anchor.IsIntel;
        Pck = chain.Extension;
        Tcb = tcb;
        VerifiedAt = verifiedAt;
        IsRevocationKnown = isRevocationKnown;
    }

    /// <summary>The quote without the zero bytes that may follow it.</summary>
    public ReadOnlyMemory<byte> Bytes => quote.Bytes;

    /// <summary>The kind of TEE.</summary>
    public TeeType Tee => quote.Tee;

    /// <summary>The enclave's identity.</summary>
    /// <exception cref="InvalidOperationException">The quote is of a trust domain; see <see cref="Tee"/>.</exception>
    public ReportBody Report => quote.Report ?? throw new InvalidOperationException("a trust domain has no SGX report");

    /// <summary>The trust domain's identity; null for an enclave.</summary>
    public TdReport? TdReport => quote.TdReport;

    /// <summary>REPORTDATA of the enclave or trust domain, 64 bytes.</summary>
    public ReadOnlyMemory<byte> ReportData => quote.ReportData;

    /// <summary>Whether the host may debug the enclave or trust domain.</summary>
    public bool IsDebug => quote.TdReport?.IsDebug ?? Report.Attributes.Flags.HasFlag(AttributeFlags.Debug);

    /// <summary>The kind of platform, by the root of the quote's chain.</summary>
    public PlatformKind Platform { get; }

    /// <summary>Name of that root; see <see cref="TrustAnchor.Name"/>. Another root can have the same name.</summary>
    public string RootName { get; }

    /// <summary>SHA-256 of that root's public key as SubjectPublicKeyInfo in DER, 64 lower-case hex digits.</summary>
    public string RootKeyHash { get; }

    /// <summary>Whether that root has Intel's key.</summary>
    public bool IsRootIntel { get; }

    /// <summary>The instant of verification.</summary>
    public DateTimeOffset VerifiedAt { get; }

    /// <summary>Whether revocation lists were compared; see <see cref="VerifierOptions.RequireRevocationLists"/>.</summary>
    public bool IsRevocationKnown { get; }

    /// <summary>The platform, as its PCK certificate describes it.</summary>
    public PckExtension Pck { get; }

    /// <summary>The platform's security level; null for the simulated root, which needs no collateral.</summary>
    public TcbReport? Tcb { get; }
}
