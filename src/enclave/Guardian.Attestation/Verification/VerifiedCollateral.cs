using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Verification;

/// <summary>Collateral whose every signature leads to the root of a PCK chain. When it is valid is left to <see
/// cref="Validities"/>.</summary>
internal sealed class VerifiedCollateral
{
    private const string SignerName = "SGX TCB Signing";

    private readonly List<Validity> validities;

    private VerifiedCollateral(TcbInfo tcbInfo, EnclaveIdentity qeIdentity, List<Validity> validities)
    {
        (TcbInfo, QeIdentity, this.validities) = (tcbInfo, qeIdentity, validities);
    }

    public TcbInfo TcbInfo { get; }

    public EnclaveIdentity QeIdentity { get; }

    public IReadOnlyList<Validity> Validities => validities;

    /// <summary>Verifies collateral for a chain, and that nothing in either was revoked.</summary>
    /// <returns>The collateral, or null with the failure.</returns>
    public static VerifiedCollateral? Verify(
        QuoteCollateral collateral, PckChain chain, bool requireRevocationLists, out QuoteFailure? failure)
    {
        // Step 1: who may sign.
        var validities = new List<Validity>();
        using var tcbSigner = IssuerChain.Verify(collateral.TcbInfoIssuerChain.Span, "tcbsigner", chain, validities, out failure);
        if (tcbSigner is null)
        {
            return null;
        }
        var isSame = collateral.QeIdentityIssuerChain.IsEmpty
            || collateral.QeIdentityIssuerChain.Span.SequenceEqual(collateral.TcbInfoIssuerChain.Span);
        using var qeSigner = isSame
            ? null
            : IssuerChain.Verify(collateral.QeIdentityIssuerChain.Span, "qesigner", chain, validities, out failure);
        if (failure is not null)
        {
            return null;
        }

        // Step 2: what was signed.
        var tcbInfo = SignedDocument.TryRead(collateral.TcbInfo, "tcbInfo", CollateralReader.ReadTcbInfo, out var problem);
        if (tcbInfo is null)
        {
            failure = Fail("bad-tcb-info", $"the TCB info cannot be read: {problem}");
            return null;
        }
        var qeIdentity = SignedDocument.TryRead(
            collateral.QeIdentity, "enclaveIdentity", CollateralReader.ReadEnclaveIdentity, out problem);
        if (qeIdentity is null)
        {
            failure = Fail("bad-qe-identity", $"the QE identity cannot be read: {problem}");
            return null;
        }
        if (!tcbSigner.Key.Verify(tcbInfo.Value.Document.Body.Span, tcbInfo.Value.Document.Signature.Span))
        {
            failure = Fail("bad-tcb-info-signature", "the TCB info was altered, or was not signed by its issuer");
            return null;
        }
        if (!(qeSigner ?? tcbSigner).Key.Verify(qeIdentity.Value.Document.Body.Span, qeIdentity.Value.Document.Signature.Span))
        {
            failure = Fail("bad-qe-identity-signature", "the QE identity was altered, or was not signed by its issuer");
            return null;
        }
        validities.Add(new Validity("tcbinfo", tcbInfo.Value.Value.IssueDate, tcbInfo.Value.Value.NextUpdate));
        validities.Add(new Validity("qeid", qeIdentity.Value.Value.IssueDate, qeIdentity.Value.Value.NextUpdate));

        // Step 3: what was taken back.
        failure = CheckRevocation(
            collateral, chain, [tcbSigner, .. qeSigner is null ? [] : new[] { qeSigner }], requireRevocationLists, validities);
        return failure is null ? new VerifiedCollateral(tcbInfo.Value.Value, qeIdentity.Value.Value, validities) : null;
    }

    private static QuoteFailure? CheckRevocation(
        QuoteCollateral collateral, PckChain chain, IReadOnlyList<IssuerChain> signers, bool requireLists, List<Validity> validities)
    {
        RevocationList? Read(ReadOnlyMemory<byte> bytes, string name, Certificate issuer, P256Key key, out QuoteFailure? problem)
        {
            problem = null;
            return bytes.IsEmpty && !requireLists ? null : ReadList(bytes, name, issuer, key, validities, out problem);
        }
        var rootList = Read(collateral.RootCaCrl, "rootcrl", chain.Root, chain.RootKey, out var failure);
        if (failure is not null)
        {
            return failure;
        }
        var pckList = Read(collateral.PckCrl, "pckcrl", chain.Authority, chain.AuthorityKey, out failure);
        return failure
            ?? (rootList?.Contains(chain.Authority) == true ? Revoked("the PCK issuer's certificate")
            : pckList?.Contains(chain.Leaf) == true ? Revoked("the PCK certificate of this platform")
            : signers.Any(signer => rootList?.Contains(signer.Signer) == true) ? Revoked("the certificate of who signed the collateral")
            : null);
    }

    private static RevocationList? ReadList(
        ReadOnlyMemory<byte> bytes, string name, Certificate issuer, P256Key issuerKey, List<Validity> validities,
        out QuoteFailure? failure)
    {
        if (bytes.IsEmpty)
        {
            failure = Fail("missing-crl", $"'{name}' is missing: without it, nobody knows what '{issuer.SubjectCommonName}' has revoked");
            return null;
        }
        if (CertificatePem.ReadRevocationList(bytes) is not { } list)
        {
            failure = Fail("bad-crl", $"'{name}' is no revocation list in DER, PEM or hex");
            return null;
        }
        failure = !list.Issuer.Span.SequenceEqual(issuer.Subject.Span)
            ? Fail("wrong-crl", $"'{name}' is not the list of '{issuer.SubjectCommonName}'")
            : issuer.Usage?.HasFlag(CertificateKeyUsage.CrlSign) != true
                ? Fail("wrong-use", $"'{issuer.SubjectCommonName}' may not sign revocation lists")
            : !list.IsSignedBy(issuerKey)
                ? Fail("bad-crl-signature", $"'{name}' was altered, or was not signed by '{issuer.SubjectCommonName}'")
            : null;
        validities.Add(new Validity(name, list.ThisUpdate, list.NextUpdate));
        return failure is null ? list : null;
    }

    private static QuoteFailure Revoked(string what) => new(QuoteStage.Revocation, "revoked", $"{what} was revoked");

    private static QuoteFailure Fail(string reason, string detail) => new(QuoteStage.Collateral, reason, detail);

    // Who signed collateral, certified by the chain's own root.
    private sealed class IssuerChain : IDisposable
    {
        private IssuerChain(Certificate signer, P256Key key)
        {
            Signer = signer;
            Key = key;
        }

        public Certificate Signer { get; }

        public P256Key Key { get; }

        public static IssuerChain? Verify(
            ReadOnlySpan<byte> pem, string name, PckChain chain, List<Validity> validities, out QuoteFailure? failure)
        {
            failure = null;
            if (CertificatePem.ReadAll(pem, most: 3) is not [{ PublicKey: { } point } signer, { } root])
            {
                failure = Fail("bad-issuer-chain", $"the issuer chain of '{name}' is not a PEM chain of two certificates: signer, root");
                return null;
            }
            if (root.PublicKey is not { } rootPoint || !rootPoint.Span.SequenceEqual(chain.Anchor.RootKey.Span))
            {
                failure = Fail("unknown-root",
                    $"the issuer chain of '{name}' ends in '{root.SubjectCommonName}', whose key is not that of {chain.Anchor.Name}");
                return null;
            }
            // The same root as the quote's was verified there.
            failure = root.Der.Span.SequenceEqual(chain.Root.Der.Span) ? null : PckChain.CheckRoot(root, chain.Anchor, chain.RootKey);
            failure ??= PckChain.Check(signer, root, chain.RootKey, SignerName, isAuthority: false);
            var key = failure is null ? P256Key.TryImport(point.Span) : null;
            if (key is null)
            {
                failure = failure is null ? Fail("bad-key", $"the key of '{name}' is not on P-256") : Fail(failure.Reason, failure.Detail);
                return null;
            }
            validities.Add(Validity.Of(name, signer));
            validities.Add(Validity.Of($"{name} root", root));
            return new IssuerChain(signer, key);
        }

        public void Dispose() => Key.Dispose();
    }
}
