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
    private const string LeafName = "SGX PCK Certificate";
    private const string AuthorityName = "CA";
    private const string RootName = "SGX Root CA";

    private PckChain(
        Certificate leaf, Certificate authority, Certificate root, TrustAnchor anchor, PckExtension extension, P256Key pckKey,
        P256Key authorityKey, P256Key rootKey)
    {
        (Leaf, Authority, Root, Anchor, Extension) = (leaf, authority, root, anchor, extension);
        (PckKey, AuthorityKey, RootKey) = (pckKey, authorityKey, rootKey);
    }

    public Certificate Leaf { get; }

    public Certificate Authority { get; }

    public Certificate Root { get; }

    public TrustAnchor Anchor { get; }

    public PckExtension Extension { get; }

    public P256Key PckKey { get; }

    public P256Key AuthorityKey { get; }

    public P256Key RootKey { get; }

    public IEnumerable<Validity> Validities =>
    [
        Validity.Of("pck", Leaf), Validity.Of("intermediate", Authority), Validity.Of("root", Root),
    ];

    /// <summary>
    /// Verifies a PEM chain of three certificates: leaf first, issuer and root in either order. Never throws for any content.
    /// </summary>
    /// <param name="pem">Certification data of type 5; a NUL may follow.</param>
    /// <param name="anchors">The roots of trust.</param>
    public static Outcome<PckChain> Verify(ReadOnlySpan<byte> pem, IReadOnlyList<TrustAnchor> anchors)
    {
        // One certificate more than a chain has is enough to recognise a longer chain.
        if (CertificatePem.ReadAll(pem, most: 4) is not [{ } leaf, { } authority, { } root])
        {
            return Refuse(
                QuoteReasons.BadChain, "the certification data is not a PEM chain of three certificates: PCK, its issuer, root");
        }
        if (TrustAnchor.Find(anchors, authority) is not null)
        {
            (authority, root) = (root, authority);
        }
        if (TrustAnchor.Find(anchors, root) is not { } anchor)
        {
            return Refuse(
                QuoteReasons.UnknownRoot,
                $"the chain ends in '{root.SubjectCommonName}', whose key is no root of trust here; roots are "
                + string.Join(", ", anchors.Select(each => each.Name)));
        }
        var rootKey = anchor.RentKey();
        var authorityKey = authority.PublicKey is { } point ? P256Key.TryImport(point.Span) : null;
        var pckKey = leaf.PublicKey is { } leafPoint ? P256Key.TryImport(leafPoint.Span) : null;
        var extension = leaf.Find(PckExtension.Oid) is { } found ? PckExtension.TryRead(found.Value) : null;
        var refusal = authorityKey is null || pckKey is null ? Refuse(QuoteReasons.BadKey, "a key of the chain is not on P-256")
            : extension is null ? Refuse(QuoteReasons.BadPck, "the PCK certificate lacks Intel's SGX extension, or a field of it")
            : CheckRoot(root, anchor, rootKey, QuoteStage.CertificateChain)
                ?? Check(authority, root, rootKey, AuthorityName, isAuthority: true, QuoteStage.CertificateChain)
                ?? Check(leaf, authority, authorityKey, LeafName, isAuthority: false, QuoteStage.CertificateChain);
        if (refusal is null)
        {
            return new PckChain(leaf, authority, root, anchor, extension!, pckKey!, authorityKey!, rootKey);
        }
        anchor.ReturnKey(rootKey);
        authorityKey?.Dispose();
        pckKey?.Dispose();
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
        AuthorityKey.Dispose();
        Anchor.ReturnKey(RootKey);
    }

    private static Refusal Refuse(RefusalReason reason, string detail) => reason.At(QuoteStage.CertificateChain, detail);
}
