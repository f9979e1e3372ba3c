using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Pki;

/// <summary>
/// The certificates of a quote: PCK leaf, its issuing CA, root. Every signature and role is verified up to a known root key; when they are
/// valid is left
/// to <see cref="Validity"/>, so that a chain can be kept.
/// </summary>
internal sealed class PckChain : IDisposable
{
    // Intel's names by position (QVL), which the simulated PKI's contain as well.
    private const string LeafName = "SGX PCK Certificate";
    private const string AuthorityName = "CA";
    private const string RootName = "SGX Root CA";

    private PckChain(Certificate leaf, Certificate authority, Certificate root, TrustAnchor anchor, PckExtension extension, P256Key pckKey,
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

    /// <summary>Verifies a PEM chain of three certificates: leaf first, issuer and root in either order. Never throws for any
    /// content.</summary>
    /// <param name="pem">Certification data of type 5; a NUL may follow.</param>
    /// <returns>The chain, or null with the failure.</returns>
    public static PckChain? Verify(ReadOnlySpan<byte> pem, IReadOnlyList<TrustAnchor> anchors, out QuoteFailure? failure)
    {
        // One more than belongs there is enough to tell.
        if (CertificatePem.ReadAll(pem, most: 4) is not [{ } leaf, { } authority, { } root])
        {
            failure = Fail("bad-chain", "the certification data is not a PEM chain of three certificates: PCK, its issuer, root");
            return null;
        }
        if (TrustAnchor.Find(anchors, authority) is not null)
        {
            (authority, root) = (root, authority);
        }
        if (TrustAnchor.Find(anchors, root) is not { } anchor)
        {
            failure = Fail("unknown-root",
                $"the chain ends in '{root.SubjectCommonName}', whose key is no root of trust here; roots are "
                + $"{string.Join(", ", anchors.Select(each => each.Name))}");
            return null;
        }
        var rootKey = anchor.TakeKey();
        var authorityKey = authority.PublicKey is { } point ? P256Key.TryImport(point.Span) : null;
        var pckKey = leaf.PublicKey is { } leafPoint ? P256Key.TryImport(leafPoint.Span) : null;
        var extension = leaf.Find(PckExtension.Oid) is { } found ? PckExtension.TryRead(found.Value) : null;
        failure = authorityKey is null || pckKey is null ? Fail("bad-key", "a key of the chain is not on P-256")
            : extension is null ? Fail("bad-pck", "the PCK certificate lacks Intel's SGX extension, or a field of it")
            : CheckRoot(root, anchor, rootKey)
                ?? Check(authority, root, rootKey, AuthorityName, isAuthority: true)
                ?? Check(leaf, authority, authorityKey, LeafName, isAuthority: false);
        if (failure is null)
        {
            return new PckChain(leaf, authority, root, anchor, extension!, pckKey!, authorityKey!, rootKey);
        }
        anchor.GiveBack(rootKey);
        authorityKey?.Dispose();
        pckKey?.Dispose();
        return null;
    }

    /// <summary>Checks a certificate of the root, whose key is the anchor's.</summary>
    public static QuoteFailure? CheckRoot(Certificate root, TrustAnchor anchor, P256Key key) =>
        Check(root, root, anchor.Knows(root) ? null : key, RootName, isAuthority: true);

    /// <summary>Checks a certificate's name, issuer, role and signature, and nothing else.</summary>
    /// <param name="issuerKey">Null where the signature is known to be good.</param>
    public static QuoteFailure? Check(Certificate certificate, Certificate issuer, P256Key? issuerKey, string name, bool isAuthority)
    {
        var who = $"certificate '{certificate.SubjectCommonName}'";
        if (!certificate.SubjectCommonName.Contains(name, StringComparison.Ordinal))
        {
            return Fail("wrong-name", $"{who} stands where one named '{name}' belongs");
        }
        if (!certificate.Issuer.Span.SequenceEqual(issuer.Subject.Span))
        {
            return Fail("wrong-issuer", $"{who} was not issued by '{issuer.SubjectCommonName}'");
        }
        var mayBe = isAuthority
            ? certificate.IsAuthority && certificate.Usage is { } usage && usage.HasFlag(CertificateKeyUsage.KeyCertSign)
            : !certificate.IsAuthority;
        if (!mayBe || certificate.HasUnknownCritical)
        {
            return Fail("wrong-use", $"{who} may not be used as it is here (basicConstraints, keyUsage or an unknown critical extension)");
        }
        return issuerKey is null || certificate.IsSignedBy(issuerKey)
            ? null
            : Fail("bad-signature", $"the signature of {who} is not '{issuer.SubjectCommonName}'s");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        PckKey.Dispose();
        AuthorityKey.Dispose();
        Anchor.GiveBack(RootKey);
    }

    private static QuoteFailure Fail(string reason, string detail) => new(QuoteStage.CertificateChain, reason, detail);
}
