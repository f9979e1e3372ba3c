using System.Buffers.Binary;
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
/// The static method keeps nothing. An instance remembers verified links by hash: platforms with their collateral, and attestation keys
/// with
/// their quoting enclaves. The next quote then costs one or two signatures instead of ten. Remembered links are checked against the instant
/// of each call. An instance serves one thread at a time.
/// </remarks>
/// <param name="options">The roots and rules.</param>
public sealed class QuoteVerifier(VerifierOptions options) : IDisposable
{
    private const ushort PckChainPem = 5;

    // A service sees few platforms and few quoting enclaves. A peer that invents many must not fill the memory.
    private const int MaxKept = 1_024;

    private readonly Dictionary<VerifiedDigest, VerifiedPlatform> platforms = [];
    private readonly Dictionary<VerifiedDigest, P256Key> attestationKeys = [];

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
        var digest = VerifiedDigest.Of(pem.Span, parsed.CertificationDataType);
        (var platform, refusal) = FindPlatform(digest, pem.Span);
        if (platform is null)
        {
            return refusal!;
        }

        // Steps 3 to 5
        var chain = platform.Chain;
        refusal = Validity.Check(chain.Validities, now, QuoteStage.CertificateChain) ?? CheckSignatures(parsed, digest, chain);
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

    private Outcome<VerifiedPlatform> FindPlatform(VerifiedDigest digest, ReadOnlySpan<byte> pem)
    {
        if (platforms.TryGetValue(digest, out var known))
        {
            return known;
        }
        var (chain, refusal) = PckChain.Verify(pem, options.Anchors);
        if (chain is null)
        {
            return refusal!;
        }
        if (platforms.Count == MaxKept)
        {
            Clear();
        }
        return platforms[digest] = new VerifiedPlatform(chain);
    }

    private Refusal? CheckSignatures(Quote quote, VerifiedDigest platform, PckChain chain)
    {
        // The digest covers every byte that steps 3 and 4 read, so a known digest means that these very bytes were verified.
        var digest = VerifiedDigest.Of(
            [
                .. quote.QeReportBytes.Span, .. quote.QeReportSignature.Span,
                .. quote.AttestationKey.Span, .. quote.QeAuthenticationData.Span,
            ],
            platform);
        if (!attestationKeys.TryGetValue(digest, out var key))
        {
            if (!chain.PckKey.Verify(quote.QeReportBytes.Span, quote.QeReportSignature.Span))
            {
                return QuoteReasons.BadQeSignature.At(QuoteStage.QuotingEnclave, "the PCK did not sign the quoting enclave's report");
            }
            if (!BindsAttestationKey(quote) || P256Key.TryImport(quote.AttestationKey.Span) is not { } imported)
            {
                return QuoteReasons.KeyNotBound.At(
                    QuoteStage.KeyBinding, "the quoting enclave's report does not name this attestation key");
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

    // SHA-256 of verified bytes.
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
    }
}
