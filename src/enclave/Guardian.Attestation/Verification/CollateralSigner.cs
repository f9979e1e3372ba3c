using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>The signer of a document of Intel's, certified by the same root as PCK certificates.</summary>
internal sealed class CollateralSigner : IDisposable
{
    private const string SignerName = "SGX TCB Signing";

    private CollateralSigner(Certificate signer, P256Key key) => (Signer, Key) = (signer, key);

    public Certificate Signer { get; }

    public P256Key Key { get; }

    /// <summary>Verifies a PEM chain of two certificates: signer, root.</summary>
    /// <param name="pem">The chain.</param>
    /// <param name="name">The name of the document's signer, for messages and validity periods.</param>
    /// <param name="issuer">The issuer of PCK certificates, whose root must be the chain's.</param>
    /// <param name="validities">Receives the validity periods of both certificates.</param>
    public static Outcome<CollateralSigner> Verify(ReadOnlySpan<byte> pem, string name, PckIssuer issuer, List<Validity> validities)
    {
        if (CertificatePem.ReadAll(pem, most: 3) is not [{ PublicKey: { } point } signer, { } root])
        {
            return Refuse(
                QuoteReasons.BadIssuerChain, $"the issuer chain of '{name}' is not a PEM chain of two certificates: signer, root");
        }
        if (root.PublicKey is not { } rootPoint || !rootPoint.Span.SequenceEqual(issuer.Anchor.RootKey.Span))
        {
            return Refuse(
                QuoteReasons.UnknownRoot,
                $"the issuer chain of '{name}' ends in '{root.SubjectCommonName}', whose key is not that of {issuer.Anchor.Name}");
        }
        // The issuer's own root certificate was verified before.
        var refusal = root.Der.Span.SequenceEqual(issuer.Root.Der.Span)
            ? null
            : PckChain.CheckRoot(root, issuer.Anchor, issuer.RootKey, QuoteStage.Collateral);
        refusal ??= PckChain.Check(signer, root, issuer.RootKey, SignerName, isAuthority: false, QuoteStage.Collateral);
        if (refusal is not null)
        {
            return refusal;
        }
        if (P256Key.TryImport(point.Span) is not { } key)
        {
            return Refuse(QuoteReasons.BadKey, $"the key of '{name}' is not on P-256");
        }
        validities.Add(Validity.Of(name, signer));
        validities.Add(Validity.Of($"{name} root", root));
        return new CollateralSigner(signer, key);
    }

    public void Dispose() => Key.Dispose();

    private static Refusal Refuse(RefusalReason reason, string detail) => reason.At(QuoteStage.Collateral, detail);
}
