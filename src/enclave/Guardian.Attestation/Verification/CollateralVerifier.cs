using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>
/// Verifies collateral without a quote: for services that keep it. Every document must be signed under a root of trust, and be about the
/// platform.
/// </summary>
public static class CollateralVerifier
{
    /// <summary>Verifies collateral for a platform.</summary>
    /// <param name="collateral">The collateral, with the issuer chain of its PCK revocation list.</param>
    /// <param name="platform">The platform that it must be about.</param>
    /// <param name="now">The instant at which everything must be valid; null leaves validity open.</param>
    /// <param name="options">The roots of trust, and whether revocation lists are required.</param>
    /// <returns>The summary of the collateral, or the first refusal. Never throws for any content. Whether the platform itself is current
    /// is not asked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static Outcome<CollateralSummary> Verify(
        QuoteCollateral collateral, PlatformId platform, DateTimeOffset? now, VerifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(options);
        if (CertificatePem.ReadAll(collateral.PckCrlIssuerChain.Span, most: 3) is not [{ } first, { } second])
        {
            return QuoteReasons.BadIssuerChain.At(
                QuoteStage.Collateral, "the issuer chain of 'pckcrl' is not a PEM chain of two certificates: issuer, root");
        }
        var (issuer, refusal) = PckIssuer.Verify(first, second, options.Anchors, QuoteStage.Collateral);
        using var pckIssuer = issuer;
        if (pckIssuer is null)
        {
            return refusal!;
        }
        (var verified, refusal) = VerifiedCollateral.Verify(collateral, pckIssuer, leaf: null, options.RequireRevocationLists);
        List<Validity> validities = [.. pckIssuer.Validities, .. verified?.Validities ?? []];
        refusal ??= verified!.Revocation ?? FindMismatch(verified, pckIssuer, platform) ?? CheckQve(collateral, pckIssuer, validities);
        if (now is { } instant)
        {
            refusal ??= Validity.Check(validities, instant, QuoteStage.Collateral);
        }
        return refusal is not null ? refusal : CollateralSummary.TryRead(collateral);
    }

    // The identity of Intel's own verifier, which caching services pass on.
    private static Refusal? CheckQve(QuoteCollateral collateral, PckIssuer issuer, List<Validity> validities)
    {
        if (collateral.QveIdentity.IsEmpty)
        {
            return null;
        }
        var (signer, refusal) = CollateralSigner.Verify(collateral.QveIdentityIssuerChain.Span, "qvesigner", issuer, validities);
        using var qveSigner = signer;
        if (qveSigner is null)
        {
            return refusal;
        }
        (var identity, refusal) = SignedDocument.ReadQeIdentity(collateral.QveIdentity);
        if (identity is null)
        {
            return refusal;
        }
        validities.Add(new Validity("qveid", identity.Content.IssueDate, identity.Content.NextUpdate));
        return !identity.IsSignedBy(qveSigner.Key)
                ? QuoteReasons.BadQeIdentitySignature.At(
                    QuoteStage.Collateral, "the QvE identity was altered, or was not signed by its issuer")
            : identity.Content.Id != "QVE"
                ? QuoteReasons.WrongQeIdentity.At(
                    QuoteStage.Collateral, $"the QvE identity is of '{identity.Content.Id}', not of 'QVE'")
            : null;
    }

    private static Refusal? FindMismatch(VerifiedCollateral verified, PckIssuer issuer, PlatformId platform)
    {
        var fmspc = Convert.ToHexStringLower(verified.TcbInfo.Fmspc.Span);
        var identity = platform.Tee == TeeType.Tdx ? "TD_QE" : "QE";
        var authority = issuer.IsForPlatforms ? "platform" : "processor";
        return verified.TcbInfo.Tee != platform.Tee
                ? QuoteReasons.WrongTcbInfo.At(
                    QuoteStage.Collateral, $"the TCB info is for {verified.TcbInfo.Tee}, the platform is of {platform.Tee}")
            : fmspc != platform.Fmspc
                ? QuoteReasons.WrongFmspc.At(
                    QuoteStage.Collateral, $"the TCB info is for FMSPC {fmspc}, the platform is {platform.Fmspc}")
            : verified.QeIdentity.Id != identity
                ? QuoteReasons.WrongQeIdentity.At(
                    QuoteStage.Collateral, $"the QE identity is of '{verified.QeIdentity.Id}', not of '{identity}'")
            : authority != platform.Authority
                ? QuoteReasons.WrongCrl.At(
                    QuoteStage.Collateral, $"'pckcrl' is the list of the {authority} CA, the platform has the {platform.Authority} CA")
            : null;
    }
}
