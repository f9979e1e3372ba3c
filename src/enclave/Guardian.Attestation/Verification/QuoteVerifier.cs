using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Sgx;

namespace Guardian.Attestation.Verification;

/// <summary>
/// Verifies quotes as Intel's quote verification library defines it, in managed code, offline, without a clock of its own. Whether the
/// result is
/// good enough is <see cref="AttestationPolicy"/>'s to say.
/// </summary>
/// <remarks>
/// The static methods keep nothing. An instance keeps what it verified, by hash: platforms with their collateral, and attestation keys with
/// their
/// quoting enclaves; so the next quote costs one or two signatures instead of ten. What is kept is checked against the instant of each
/// call. An instance
/// serves one thread at a time.
/// </remarks>
public sealed class QuoteVerifier(VerifierOptions options) : IDisposable
{
    private const ushort PckChainPem = 5;

    // A service sees few platforms and few quoting enclaves; a peer that makes up many must not fill the memory.
    private const int MaxKept = 1_024;

    private readonly Dictionary<VerifiedDigest, VerifiedPlatform> platforms = [];
    private readonly Dictionary<VerifiedDigest, P256Key> attestationKeys = [];

    /// <summary>Verifies every link of a quote, from nothing.</summary>
    /// <param name="quote">The quote as it was received; at most <see cref="Quote.MaxSize"/> bytes.</param>
    /// <param name="collateral">What Intel says of its platform; null when there is none.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <returns>The verified quote, or the first failed stage. Never throws for any content.</returns>
    /// <remarks>
    /// 1 format. 2 PCK chain to a root. 3 QE report signed by the PCK. 4 QE report binds the attestation key. 5 the attestation key signed
    /// header and body.
    /// 6 collateral signed under the same root, nothing revoked, everything valid now. 7 the QE is the one of its identity; the TCB is
    /// known and not revoked.
    /// </remarks>
    public static QuoteVerdict Verify(ReadOnlyMemory<byte> quote, QuoteCollateral? collateral, DateTimeOffset now, VerifierOptions options)
    {
        using var verifier = new QuoteVerifier(options);
        return verifier.Verify(quote, collateral, now);
    }

    /// <summary>Verifies every link of a quote; links that this instance has verified before are not verified again.</summary>
    /// <inheritdoc cref="Verify(ReadOnlyMemory{byte}, QuoteCollateral?, DateTimeOffset, VerifierOptions)"/>
    public QuoteVerdict Verify(ReadOnlyMemory<byte> quote, QuoteCollateral? collateral, DateTimeOffset now)
    {
        // Step 1
        if (Quote.TryParse(quote, out var failure) is not { } parsed)
        {
            return new QuoteVerdict(null, failure);
        }

        // Step 2
        var chain = parsed.CertificationDataType == PckChainPem ? parsed.CertificationData : options.PckChain;
        if (chain.IsEmpty)
        {
            return Fail(
                QuoteStage.CertificateChain, "pck-certificate-needed",
                $"the quote names its platform by certification data of type {parsed.CertificationDataType} only; get the platform's PCK "
                + "certificate chain and give it along");
        }
        var digest = VerifiedDigest.Of(chain.Span, parsed.CertificationDataType);
        if (FindPlatform(digest, chain.Span, out failure) is not { } platform)
        {
            return new QuoteVerdict(null, failure);
        }

        // Steps 3 to 5
        failure = Validity.Check(platform.Chain.Validities, now, QuoteStage.CertificateChain)
            ?? CheckSignatures(parsed, digest, platform.Chain);
        if (failure is not null)
        {
            return new QuoteVerdict(null, failure);
        }

        // Step 7 for the simulated platform, whose quoting enclave is pinned
        if (platform.Chain.Anchor.QuotingEnclave is { } pinned)
        {
            return pinned.FindMismatch(parsed.QeReport) is { } mismatch
                ? Fail(QuoteStage.QuotingEnclave, "unknown-qe", $"the quoting enclave is not one that may quote: {mismatch}")
                : new QuoteVerdict(new VerifiedQuote(parsed, platform.Chain, tcb: null, now), null);
        }

        // Steps 6 and 7
        if (collateral is null)
        {
            return Fail(QuoteStage.Collateral, "no-collateral",
                "the signatures hold, but whether the platform is current and not revoked is said by Intel's collateral, which is not at "
                + "hand");
        }
        var verified = platform.FindCollateral(collateral, options, out failure);
        failure ??= Validity.Check(verified!.Validities, now, QuoteStage.Collateral);
        var tcb = failure is null
            ? new TcbEvaluation(verified!.TcbInfo, verified.QeIdentity, platform.Chain.Extension, parsed)
                .Evaluate([.. platform.Chain.Validities, .. verified.Validities], out failure)
            : null;
        return tcb is null ? new QuoteVerdict(null, failure) : new QuoteVerdict(new VerifiedQuote(parsed, platform.Chain, tcb, now), null);
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void Clear()
    {
        foreach (var platform in platforms.Values)
        {
            platform.Chain.Dispose();
        }
        foreach (var key in attestationKeys.Values)
        {
            key.Dispose();
        }
        platforms.Clear();
        attestationKeys.Clear();
    }

    private VerifiedPlatform? FindPlatform(VerifiedDigest digest, ReadOnlySpan<byte> pem, out QuoteFailure? failure)
    {
        failure = null;
        if (platforms.TryGetValue(digest, out var known))
        {
            return known;
        }
        if (PckChain.Verify(pem, options.Anchors, out failure) is not { } chain)
        {
            return null;
        }
        if (platforms.Count == MaxKept)
        {
            Clear();
        }
        return platforms[digest] = new VerifiedPlatform(chain);
    }

    private QuoteFailure? CheckSignatures(Quote quote, VerifiedDigest platform, PckChain chain)
    {
        // Everything that step 3 and 4 look at, so that what is found here was verified for these very bytes.
        var digest = VerifiedDigest.Of(
            [.. quote.QeReportBytes.Span, .. quote.QeReportSignature.Span, .. quote.AttestationKey.Span,
            .. quote.QeAuthenticationData.Span], platform);
        if (!attestationKeys.TryGetValue(digest, out var key))
        {
            if (!chain.PckKey.Verify(quote.QeReportBytes.Span, quote.QeReportSignature.Span))
            {
                return new QuoteFailure(QuoteStage.QuotingEnclave, "bad-qe-signature", "the PCK did not sign the quoting enclave's report");
            }
            if (!BindsAttestationKey(quote) || P256Key.TryImport(quote.AttestationKey.Span) is not { } imported)
            {
                return new QuoteFailure(
                    QuoteStage.KeyBinding, "key-not-bound", "the quoting enclave's report does not name this attestation key");
            }
            if (attestationKeys.Count == MaxKept)
            {
                attestationKeys.Values.ToList().ForEach(old => old.Dispose());
                attestationKeys.Clear();
            }
            attestationKeys[digest] = key = imported;
        }
        return key.Verify(quote.SignedBytes.Span, quote.Signature.Span)
            ? null
            : new QuoteFailure(QuoteStage.Signature, "bad-signature", "the attestation key did not sign this header and report");
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

    // SHA-256 of what was verified.
    private readonly record struct VerifiedDigest(UInt128 High, UInt128 Low)
    {
        public static VerifiedDigest Of(ReadOnlySpan<byte> bytes, ushort type) => Of(bytes, new VerifiedDigest(0, type));

        public static VerifiedDigest Of(ReadOnlySpan<byte> bytes, VerifiedDigest within)
        {
            Span<byte> input = stackalloc byte[64];
            SHA256.HashData(bytes, input);
            BinaryPrimitives.WriteUInt128LittleEndian(input[32..], within.High);
            BinaryPrimitives.WriteUInt128LittleEndian(input[48..], within.Low);
            SHA256.HashData(input, input);
            return new VerifiedDigest(
                BinaryPrimitives.ReadUInt128LittleEndian(input), BinaryPrimitives.ReadUInt128LittleEndian(input[16..]));
        }
    }

    // A platform, and the collateral that was last verified for it.
    private sealed class VerifiedPlatform(PckChain chain)
    {
        private QuoteCollateral? collateral;
        private VerifiedCollateral? verified;

        public PckChain Chain { get; } = chain;

        public VerifiedCollateral? FindCollateral(QuoteCollateral wanted, VerifierOptions options, out QuoteFailure? failure)
        {
            failure = null;
            if (!ReferenceEquals(collateral, wanted))
            {
                verified = VerifiedCollateral.Verify(wanted, Chain, options.RequireRevocationLists, out failure);
                collateral = verified is null ? null : wanted;
            }
            return verified;
        }
    }
}
