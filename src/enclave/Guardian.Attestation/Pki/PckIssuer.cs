using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Pki;

/// <summary>
/// The CA that issues PCK certificates and its root, verified up to a known root key. The caller checks <see cref="Validities"/>.
/// </summary>
internal sealed class PckIssuer : IDisposable
{
    private const string AuthorityName = "CA";

    private PckIssuer(Certificate authority, Certificate root, TrustAnchor anchor, P256Key authorityKey, P256Key rootKey)
    {
        (Authority, Root, Anchor) = (authority, root, anchor);
        (AuthorityKey, RootKey) = (authorityKey, rootKey);
    }

    public Certificate Authority { get; }

    public Certificate Root { get; }

    public TrustAnchor Anchor { get; }

    public P256Key AuthorityKey { get; }

    public P256Key RootKey { get; }

    public IEnumerable<Validity> Validities => [Validity.Of("intermediate", Authority), Validity.Of("root", Root)];

    /// <summary>Whether the CA issues for platforms of several packages: <c>platform</c> in the PCS API, else <c>processor</c>.</summary>
    public bool IsForPlatforms => IsPlatformAuthority(Authority);

    /// <summary>Tells the two CAs of Intel apart by their names.</summary>
    public static bool IsPlatformAuthority(Certificate authority) =>
        authority.SubjectCommonName.Contains("Platform CA", StringComparison.Ordinal);

    /// <summary>Verifies the issuer and its root, in either order.</summary>
    /// <param name="first">One of the two certificates.</param>
    /// <param name="second">The other one.</param>
    /// <param name="anchors">The roots of trust.</param>
    /// <param name="stage">The stage that a refusal names.</param>
    public static Outcome<PckIssuer> Verify(Certificate first, Certificate second, IReadOnlyList<TrustAnchor> anchors, QuoteStage stage)
    {
        var (authority, root) = TrustAnchor.Find(anchors, first) is null ? (first, second) : (second, first);
        if (TrustAnchor.Find(anchors, root) is not { } anchor)
        {
            return QuoteReasons.UnknownRoot.At(
                stage,
                $"the chain ends in '{root.SubjectCommonName}', whose key is no root of trust here; roots are "
                + string.Join(", ", anchors.Select(each => each.Name)));
        }
        if (authority.PublicKey is not { } point || P256Key.TryImport(point.Span) is not { } authorityKey)
        {
            return QuoteReasons.BadKey.At(stage, "a key of the chain is not on P-256");
        }
        var rootKey = anchor.RentKey();
        var refusal = PckChain.CheckRoot(root, anchor, rootKey, stage)
            ?? PckChain.Check(authority, root, rootKey, AuthorityName, isAuthority: true, stage);
        if (refusal is null)
        {
            return new PckIssuer(authority, root, anchor, authorityKey, rootKey);
        }
        authorityKey.Dispose();
        anchor.ReturnKey(rootKey);
        return refusal;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AuthorityKey.Dispose();
        Anchor.ReturnKey(RootKey);
    }
}
