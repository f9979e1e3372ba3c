using System.Security.Cryptography;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Verification;

/// <summary>
/// Verifies quotes by the rules of Intel's quote verification library, in managed code, offline, without a clock of its own. A policy
/// decides whether the result is good enough.
/// </summary>
/// <remarks>
/// The static method keeps nothing. An instance remembers verified links by their bytes: platforms with their collateral, and attestation
/// keys with their quoting enclaves. The next quote then costs one or two signatures instead of ten. Remembered links are checked against
/// the instant of each call. An instance serves one thread at a time.
/// </remarks>
/// <param name="options">The roots and rules.</param>
public sealed class QuoteVerifier(VerifierOptions options) : IDisposable
{
    private const ushort PckChainPem = 5;

    private readonly KeptLinks<VerifiedPlatform> platforms = new();
    private readonly KeptLinks<P256Key> attestationKeys = new();
    private long platformsSeen;

    /// <summary>Verifies every link of a quote, without earlier results.</summary>
    /// <param name="quote">The quote exactly as received; at most <see cref="Quote.MaxSize"/> bytes.</param>
    /// <param name="collateral">Intel's statements about its platform; null when there are none.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="options">The roots and rules.</param>
    /// <returns>The verified quote, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <remarks>
    /// 1 format. 2 PCK chain to a root. 3 QE report signed by the PCK. 4 QE report binds the attestation key. 5 the attestation key signed
    /// header and body. 6 collateral signed under the same root, nothing revoked, everything valid now. 7 the QE is the one of its
    /// identity;
    /// the TCB is known and not revoked.
    /// </remarks>
    public static Outcome<VerifiedQuote> Verify(
        ReadOnlyMemory<byte> quote, QuoteCollateral? collateral, DateTimeOffset now, VerifierOptions options)
    {
        using var verifier = new QuoteVerifier(options);
        return verifier.Verify(quote, collateral, now);
    }

    /// <summary>Verifies every link of a quote; this instance does not verify links again that it has verified before.</summary>
    /// <inheritdoc cref="Verify(ReadOnlyMemory{byte}, QuoteCollateral?, DateTimeOffset, VerifierOptions)"/>
    public Outcome<VerifiedQuote> Verify(ReadOnlyMemory<byte> quote, QuoteCollateral? collateral, DateTimeOffset now)
    {
        // Step 1
        var (parsed, refusal) = Quote.TryParse(quote);
        if (parsed is null)
        {
            return refusal!;
        }

        // Step 2
        var pem = parsed.CertificationDataType == PckChainPem ? parsed.CertificationData : options.PckChain;
        if (pem.IsEmpty)
        {
            return QuoteReasons.PckCertificateNeeded.At(
                QuoteStage.CertificateChain,
                $"the quote names its platform by certification data of type {parsed.CertificationDataType} only; "
                + "get the platform's PCK certificate chain and pass it too");
        }
        (var platform, refusal) = FindPlatform(pem.Span);
        if (platform is null)
        {
            return refusal!;
        }

        // Steps 3 to 5
        var chain = platform.Chain;
        refusal = Validity.Check(chain.Validities, now, QuoteStage.CertificateChain) ?? CheckSignatures(parsed, platform);
        if (refusal is not null)
        {
            return refusal;
        }

        // Step 7 for the simulated platform, whose quoting enclave is pinned
        if (chain.Anchor.QuotingEnclave is { } pinned)
        {
            return pinned.FindMismatch(parsed.QeReport) is { } mismatch
                ? QuoteReasons.UnknownQe.At(QuoteStage.QuotingEnclave, $"the quoting enclave is not one that may quote: {mismatch}")
                : new VerifiedQuote(parsed, chain, tcb: null, now, isRevocationKnown: false);
        }

        // Steps 6 and 7
        if (collateral is null)
        {
            var name = PlatformId.OfChain(pem.Span, parsed.Tee)!.ToText();
            return QuoteReasons.NoCollateral.At(
                QuoteStage.Collateral,
                $"the signatures hold, but Intel's collateral about the platform {name}, which says whether it is current and not revoked, "
                + "is not at hand") with
            {
                Remedy = $"fetch it: guardian quote collateral fetch --platform {name}",
            };
        }
        (var verified, refusal) = platform.FindCollateral(collateral, options);
        refusal ??= verified!.Revocation ?? Validity.Check(verified.Validities, now, QuoteStage.Collateral);
        if (refusal is not null)
        {
            return refusal;
        }
        (var tcb, refusal) = new TcbEvaluation(verified!.TcbInfo, verified.QeIdentity, chain.Extension, parsed)
            .Evaluate([.. chain.Validities, .. verified.Validities]);
        return tcb is null ? refusal! : new VerifiedQuote(parsed, chain, tcb, now, verified.HasRevocationLists);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        platforms.Dispose();
        attestationKeys.Dispose();
    }

    private Outcome<VerifiedPlatform> FindPlatform(ReadOnlySpan<byte> pem)
    {
        if (platforms.Find(pem) is { } known)
        {
            return known;
        }
        var (chain, refusal) = PckChain.Verify(pem, options.Anchors);
        return chain is null ? refusal! : platforms.Add(pem, new VerifiedPlatform(chain, ++platformsSeen));
    }

    private Refusal? CheckSignatures(Quote quote, VerifiedPlatform platform)
    {
        // Every byte that steps 3 and 4 read: known bytes were verified already, under the same platform.
        byte[] read =
        [
            .. platform.Number, .. quote.QeReportBytes.Span, .. quote.QeReportSignature.Span,
            .. quote.AttestationKey.Span, .. quote.QeAuthenticationData.Span,
        ];
        if (attestationKeys.Find(read) is not { } key)
        {
            if (!platform.Chain.PckKey.Verify(quote.QeReportBytes.Span, quote.QeReportSignature.Span))
            {
                return QuoteReasons.BadQeSignature.At(QuoteStage.QuotingEnclave, "the PCK did not sign the quoting enclave's report");
            }
            if (!BindsAttestationKey(quote) || P256Key.TryImport(quote.AttestationKey.Span) is not { } imported)
            {
                return QuoteReasons.KeyNotBound.At(
                    QuoteStage.KeyBinding, "the quoting enclave's report does not name this attestation key");
            }
            key = attestationKeys.Add(read, imported);
        }
        return key.Verify(quote.SignedBytes.Span, quote.Signature.Span)
            ? null
            : QuoteReasons.BadSignature.At(QuoteStage.Signature, "the attestation key did not sign this header and report");
    }

    // Report data of the QE: SHA-256(attestation key || authentication data), then 32 zeros.
    private static bool BindsAttestationKey(Quote quote)
    {
        Span<byte> expected = stackalloc byte[ReportBody.ReportDataSize];
        expected.Clear();
        SHA256.HashData([.. quote.AttestationKey.Span, .. quote.QeAuthenticationData.Span], expected);
        return CryptographicOperations.FixedTimeEquals(expected, quote.QeReport.ReportData.Span);
    }

    // A platform, and the collateral that was last verified for it. No two platforms of a verifier have the same number.
    private sealed class VerifiedPlatform(PckChain chain, long number) : IDisposable
    {
        private QuoteCollateral? collateral;
        private VerifiedCollateral? verified;

        public PckChain Chain { get; } = chain;

        public byte[] Number { get; } = BitConverter.GetBytes(number);

        public Outcome<VerifiedCollateral> FindCollateral(QuoteCollateral wanted, VerifierOptions options)
        {
            if (verified is not null && ReferenceEquals(collateral, wanted))
            {
                return verified;
            }
            (verified, var refusal) = VerifiedCollateral.Verify(wanted, Chain.Issuer, Chain.Leaf, options.RequireRevocationLists);
            collateral = wanted;
            return new Outcome<VerifiedCollateral>(verified, refusal);
        }

        public void Dispose() => Chain.Dispose();
    }
}
