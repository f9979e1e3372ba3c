using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Pki;

/// <summary>
/// The certificates of a quote: PCK leaf, its issuing CA, root. Every signature and role is verified up to a known root key. The caller
/// checks <see cref="Validities"/>, so that it can keep a chain.
/// </summary>
internal sealed class PckChain : IDisposable
{
    // Intel's names by position (QVL). The simulated PKI's names contain them as well.
    internal const string LeafName = "SGX PCK Certificate";
    private const string RootName = "SGX Root CA";

    private PckChain(Certificate leaf, PckIssuer issuer, PckExtension extension, P256Key pckKey) =>
        (Leaf, Issuer, Extension, PckKey) = (leaf, issuer, extension, pckKey);

    public Certificate Leaf { get; }

    public PckIssuer Issuer { get; }

    public TrustAnchor Anchor => Issuer.Anchor;

    public PckExtension Extension { get; }

    public P256Key PckKey { get; }

    public IEnumerable<Validity> Validities => [Validity.Of("pck", Leaf), .. Issuer.Validities];

    /// <summary>
    /// Verifies a PEM chain of three certificates: leaf first, issuer and root in either order. Never throws for any content.
    /// </summary>
    /// <param name="pem">Certification data of type 5; a NUL may follow.</param>
    /// <param name="anchors">The roots of trust.</param>
    public static Outcome<PckChain> Verify(ReadOnlySpan<byte> pem, IReadOnlyList<TrustAnchor> anchors)
    {
        // One certificate more than a chain has is enough to recognise a longer chain.
        if (CertificatePem.ReadAll(pem, most: 4) is not [{ } leaf, { } second, { } third])
        {
            return Refuse(
                QuoteReasons.BadChain, "the certification data is not a PEM chain of three certificates: PCK, its issuer, root");
        }
        var (issuer, refusal) = PckIssuer.Verify(second, third, anchors, QuoteStage.CertificateChain);
        if (issuer is null)
        {
            return refusal!;
        }
        var outcome = VerifyLeaf(leaf, issuer);
        if (outcome.Refusal is not null)
        {
            issuer.Dispose();
        }
        return outcome;
    }

    /// <summary>Verifies a PCK certificate of a verified issuer.</summary>
    /// <returns>The chain, which disposes the issuer.</returns>
    private static Outcome<PckChain> VerifyLeaf(Certificate leaf, PckIssuer issuer)
    {
        if (leaf.PublicKey is not { } point || P256Key.TryImport(point.Span) is not { } key)
        {
            return Refuse(QuoteReasons.BadKey, "a key of the chain is not on P-256");
        }
        var extension = leaf.Find(PckExtension.Oid) is { } found ? PckExtension.TryRead(found.Value) : null;
        var refusal = extension is null
            ? Refuse(QuoteReasons.BadPck, "the PCK certificate lacks Intel's SGX extension, or a field of it")
            : Check(leaf, issuer.Authority, issuer.AuthorityKey, LeafName, isAuthority: false, QuoteStage.CertificateChain);
        if (refusal is null)
        {
            return new PckChain(leaf, issuer, extension!, key);
        }
        key.Dispose();
        return refusal;
    }

    /// <summary>Checks a certificate of the root, whose key is the anchor's.</summary>
    public static Refusal? CheckRoot(Certificate root, TrustAnchor anchor, P256Key key, QuoteStage stage) =>
        Check(root, root, anchor.HasVerified(root) ? null : key, RootName, isAuthority: true, stage);

    /// <summary>Checks a certificate's name, issuer, role and signature, and nothing else.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The certificate of its issuer.</param>
    /// <param name="issuerKey">The issuer's key; null if the signature is known to be good.</param>
    /// <param name="name">The words that the subject's common name must contain.</param>
    /// <param name="isAuthority">Whether it must be a CA certificate, or must not.</param>
    /// <param name="stage">The stage that a refusal names.</param>
    public static Refusal? Check(
        Certificate certificate, Certificate issuer, P256Key? issuerKey, string name, bool isAuthority, QuoteStage stage)
    {
        var subject = $"certificate '{certificate.SubjectCommonName}'";
        if (!certificate.SubjectCommonName.Contains(name, StringComparison.Ordinal))
        {
            return QuoteReasons.WrongName.At(stage, $"{subject} stands in the place of one named '{name}'");
        }
        if (!certificate.Issuer.Span.SequenceEqual(issuer.Subject.Span))
        {
            return QuoteReasons.WrongIssuer.At(stage, $"{subject} was not issued by '{issuer.SubjectCommonName}'");
        }
        var hasRole = isAuthority
            ? certificate.IsAuthority && certificate.Usage is { } usage && usage.HasFlag(CertificateKeyUsage.KeyCertSign)
            : !certificate.IsAuthority;
        if (!hasRole || certificate.HasUnknownCritical)
        {
            return QuoteReasons.WrongUse.At(
                stage, $"{subject} may not be used as it is here (basicConstraints, keyUsage or an unknown critical extension)");
        }
        return issuerKey is null || certificate.IsSignedBy(issuerKey)
            ? null
            : QuoteReasons.BadSignature.At(stage, $"the signature of {subject} is not '{issuer.SubjectCommonName}'s");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        PckKey.Dispose();
        Issuer.Dispose();
    }

    private static Refusal Refuse(RefusalReason reason, string detail) => reason.At(QuoteStage.CertificateChain, detail);
}
