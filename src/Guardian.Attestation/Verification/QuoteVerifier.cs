using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Guardian.Sgx;

namespace Guardian.Attestation;

/// <summary>A quote whose every link was verified at a stated instant. Only <see cref="QuoteVerifier"/> makes one.</summary>
public sealed class VerifiedQuote
{
    internal VerifiedQuote(Quote quote, PckChain chain)
    {
        Bytes = quote.Bytes;
        Report = quote.Report;
        Platform = chain.Anchor.Platform;
        RootName = chain.Anchor.Name;
        Pck = chain.Extension;
    }

    /// <summary>The quote.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Who the enclave is.</summary>
    public ReportBody Report { get; }

    /// <summary>Where it runs, by the root the quote chains to.</summary>
    public PlatformKind Platform { get; }

    /// <summary>Name of that root.</summary>
    public string RootName { get; }

    /// <summary>The platform, as its PCK certificate describes it.</summary>
    public PckExtension Pck { get; }
}

/// <summary>A verified quote, or the first link that failed.</summary>
public readonly record struct QuoteVerdict(VerifiedQuote? Quote, QuoteFailure? Failure)
{
    /// <summary>Whether every link holds.</summary>
    [MemberNotNullWhen(true, nameof(Quote))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Quote is not null;
}

/// <summary>Verifies quotes as Intel's quote verification library does, as far as it can be done without Intel's collateral.</summary>
public static class QuoteVerifier
{
    private const ushort PckChainPem = 5;

    /// <summary>Verifies every link of a quote.</summary>
    /// <param name="quote">The quote as it was received; at most <see cref="Quote.MaxSize"/> bytes.</param>
    /// <param name="now">The instant at which the certificates must be valid.</param>
    /// <returns>The verified quote, or the first failed stage. Never throws for any content.</returns>
    /// <remarks>
    /// 1 format. 2 PCK chain to a known root. 3 QE report signed by the PCK; the QE is one that may quote. 4 QE report binds the attestation key.
    /// 5 the attestation key signed header and body. 6 a hardware quote is refused, because TCB status and revocation need Intel's collateral,
    /// which this release does not read. Thread-safe; no I/O.
    /// </remarks>
    public static QuoteVerdict Verify(ReadOnlyMemory<byte> quote, DateTimeOffset now)
    {
        // Step 1
        if (Quote.TryParse(quote, out var failure) is not { } parsed)
        {
            return new QuoteVerdict(null, failure);
        }
        if (parsed.CertificationDataType != PckChainPem)
        {
            return Fail(QuoteStage.CertificateChain, "unsupported-certification", $"certification data of type {parsed.CertificationDataType}; this release verifies type 5, the PCK chain in PEM");
        }

        // Step 2
        if (PckChain.Verify(parsed.CertificationData.Span, now, out failure) is not { } chain)
        {
            return new QuoteVerdict(null, failure);
        }

        // Step 3
        if (!P256.Verify(chain.PckKey.Span, parsed.QeReportBytes.Span, parsed.QeReportSignature.Span))
        {
            return Fail(QuoteStage.QuotingEnclave, "bad-qe-signature", "the PCK did not sign the quoting enclave's report");
        }
        if (chain.Anchor.QuotingEnclave?.FindMismatch(parsed.QeReport) is { } mismatch)
        {
            return Fail(QuoteStage.QuotingEnclave, "unknown-qe", $"the quoting enclave is not one that may quote: {mismatch}");
        }

        // Step 4
        if (!BindsAttestationKey(parsed))
        {
            return Fail(QuoteStage.KeyBinding, "key-not-bound", "the quoting enclave's report does not name this attestation key");
        }

        // Step 5
        if (!P256.Verify(parsed.AttestationKey.Span, parsed.SignedBytes.Span, parsed.Signature.Span))
        {
            return Fail(QuoteStage.Signature, "bad-signature", "the attestation key did not sign this header and report");
        }

        // Step 6
        return chain.Anchor.Platform == PlatformKind.Hardware
            ? Fail(QuoteStage.Collateral, "no-collateral", "the signatures hold, but TCB status and revocation need Intel's collateral, which this release does not read; so no hardware quote is accepted yet")
            : new QuoteVerdict(new VerifiedQuote(parsed, chain), null);
    }

    // Report data of the QE: SHA-256(attestation key || authentication data), then 32 zeros.
    private static bool BindsAttestationKey(Quote quote)
    {
        Span<byte> expected = stackalloc byte[ReportBody.ReportDataSize];
        expected.Clear();
        SHA256.HashData([.. quote.AttestationKey.Span, .. quote.QeAuthenticationData.Span], expected);
        return CryptographicOperations.FixedTimeEquals(expected, quote.QeReport.ReportData.Span);
    }

    private static QuoteVerdict Fail(QuoteStage stage, string reason, string detail) => new(null, new QuoteFailure(stage, reason, detail));
}
