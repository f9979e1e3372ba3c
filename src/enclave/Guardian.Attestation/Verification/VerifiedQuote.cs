using System.Diagnostics.CodeAnalysis;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Sgx;

namespace Guardian.Attestation.Verification;

/// <summary>A quote whose every link was verified at a stated instant. Only a verifier makes one.</summary>
public sealed class VerifiedQuote
{
    private readonly Quote quote;

    internal VerifiedQuote(Quote quote, PckChain chain, TcbReport? tcb, DateTimeOffset verifiedAt)
    {
        this.quote = quote;
        Platform = chain.Anchor.Platform;
        RootName = chain.Anchor.Name;
        Pck = chain.Extension;
        Tcb = tcb;
        VerifiedAt = verifiedAt;
    }

    /// <summary>The quote.</summary>
    public ReadOnlyMemory<byte> Bytes => quote.Bytes;

    /// <summary>What it speaks for.</summary>
    public TeeType Tee => quote.Tee;

    /// <summary>Who the enclave is.</summary>
    /// <exception cref="InvalidOperationException">The quote is of a trust domain; see <see cref="Tee"/>.</exception>
    public ReportBody Report => quote.Report ?? throw new InvalidOperationException("a trust domain has no SGX report");

    /// <summary>Who the trust domain is; null for an enclave.</summary>
    public TdReport? TdReport => quote.TdReport;

    /// <summary>REPORTDATA, 64 bytes, of either.</summary>
    public ReadOnlyMemory<byte> ReportData => quote.ReportData;

    /// <summary>Whether what is quoted may be debugged from outside.</summary>
    public bool IsDebug => quote.TdReport?.IsDebug ?? Report.Attributes.Flags.HasFlag(AttributeFlags.Debug);

    /// <summary>Where it runs, by the root the quote chains to.</summary>
    public PlatformKind Platform { get; }

    /// <summary>Name of that root.</summary>
    public string RootName { get; }

    /// <summary>The instant at which it was verified.</summary>
    public DateTimeOffset VerifiedAt { get; }

    /// <summary>The platform, as its PCK certificate describes it.</summary>
    public PckExtension Pck { get; }

    /// <summary>How current the platform is; null where the root needs no collateral, which is the simulated one.</summary>
    public TcbReport? Tcb { get; }
}

/// <summary>A verified quote, or the first link that failed.</summary>
public readonly record struct QuoteVerdict(VerifiedQuote? Quote, QuoteFailure? Failure)
{
    /// <summary>Whether every link holds.</summary>
    [MemberNotNullWhen(true, nameof(Quote))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Quote is not null;
}
