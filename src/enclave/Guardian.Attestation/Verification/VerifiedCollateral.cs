using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>Collateral whose every signature leads to the root of a PCK issuer. The caller checks <see cref="Validities"/>.</summary>
internal sealed class VerifiedCollateral
{
    private VerifiedCollateral(
        TcbInfo tcbInfo, EnclaveIdentity qeIdentity, IReadOnlyList<Validity> validities, bool hasRevocationLists, Refusal? revocation)
    {
        (TcbInfo, QeIdentity, Validities, HasRevocationLists, Revocation) =
            (tcbInfo, qeIdentity, validities, hasRevocationLists, revocation);
    }

    public TcbInfo TcbInfo { get; }

    public EnclaveIdentity QeIdentity { get; }

    public IReadOnlyList<Validity> Validities { get; }

    /// <summary>Whether both revocation lists are present.</summary>
    public bool HasRevocationLists { get; }

    /// <summary>The refusal for the first revoked certificate of the platform or the collateral; null when none is revoked.</summary>
    public Refusal? Revocation { get; }

    /// <summary>Verifies collateral for the platforms of an issuer of PCK certificates.</summary>
    /// <param name="collateral">The collateral.</param>
    /// <param name="issuer">The issuer.</param>
    /// <param name="leaf">The PCK certificate that must not be revoked; null when there is none to check.</param>
    /// <param name="requireRevocationLists">Whether both lists must be there.</param>
    public static Outcome<VerifiedCollateral> Verify(
        QuoteCollateral collateral, PckIssuer issuer, Certificate? leaf, bool requireRevocationLists)
    {
        // Step 1: the signers.
        var validities = new List<Validity>();
        var (signer, refusal) = CollateralSigner.Verify(collateral.TcbInfoIssuerChain.Span, "tcbsigner", issuer, validities);
        using var tcbSigner = signer;
        if (tcbSigner is null)
        {
            return refusal!;
        }
        var isSame = collateral.QeIdentityIssuerChain.IsEmpty
            || collateral.QeIdentityIssuerChain.Span.SequenceEqual(collateral.TcbInfoIssuerChain.Span);
        (signer, refusal) = isSame
            ? default
            : CollateralSigner.Verify(collateral.QeIdentityIssuerChain.Span, "qesigner", issuer, validities);
        using var qeSigner = signer;
        if (refusal is not null)
        {
            return refusal;
        }

        // Step 2: the signed documents.
        (var tcbInfo, refusal) = SignedDocument.ReadTcbInfo(collateral.TcbInfo);
        if (tcbInfo is null)
        {
            return refusal!;
        }
        (var qeIdentity, refusal) = SignedDocument.ReadQeIdentity(collateral.QeIdentity);
        if (qeIdentity is null)
        {
            return refusal!;
        }
        if (!tcbInfo.IsSignedBy(tcbSigner.Key))
        {
            return Refuse(QuoteReasons.BadTcbInfoSignature, "the TCB info was altered, or was not signed by its issuer");
        }
        if (!qeIdentity.IsSignedBy((qeSigner ?? tcbSigner).Key))
        {
            return Refuse(QuoteReasons.BadQeIdentitySignature, "the QE identity was altered, or was not signed by its issuer");
        }
        validities.Add(new Validity("tcbinfo", tcbInfo.Content.IssueDate, tcbInfo.Content.NextUpdate));
        validities.Add(new Validity("qeid", qeIdentity.Content.IssueDate, qeIdentity.Content.NextUpdate));

        // Step 3: the revocation lists.
        (var rootList, refusal) = ReadList(
            collateral.RootCaCrl, "rootcrl", issuer.Root, issuer.RootKey, requireRevocationLists, validities);
        if (refusal is not null)
        {
            return refusal;
        }
        (var pckList, refusal) = ReadList(
            collateral.PckCrl, "pckcrl", issuer.Authority, issuer.AuthorityKey, requireRevocationLists, validities);
        if (refusal is not null)
        {
            return refusal;
        }
        var revocation = FindRevoked(
            rootList, pckList, issuer, leaf, [tcbSigner.Signer, .. qeSigner is null ? [] : new[] { qeSigner.Signer }]);
        return new VerifiedCollateral(
            tcbInfo.Content, qeIdentity.Content, validities, rootList is not null && pckList is not null, revocation);
    }

    private static Refusal? FindRevoked(
        RevocationList? rootList, RevocationList? pckList, PckIssuer issuer, Certificate? leaf, IEnumerable<Certificate> signers)
    {
        var revoked = rootList?.Contains(issuer.Authority) == true ? "the PCK issuer's certificate"
            : leaf is not null && pckList?.Contains(leaf) == true ? "the PCK certificate of this platform"
            : signers.Any(signer => rootList?.Contains(signer) == true) ? "the certificate of the collateral's signer"
            : null;
        return revoked is null ? null : QuoteReasons.Revoked.At(QuoteStage.Revocation, $"{revoked} was revoked");
    }

    private static Outcome<RevocationList> ReadList(
        ReadOnlyMemory<byte> bytes, string name, Certificate issuer, P256Key issuerKey, bool isRequired, List<Validity> validities)
    {
        if (bytes.IsEmpty)
        {
            return isRequired
                ? Refuse(
                    QuoteReasons.MissingCrl, $"'{name}' is missing: without it, nobody knows what '{issuer.SubjectCommonName}' has revoked")
                : default(Outcome<RevocationList>);
        }
        if (CertificatePem.ReadRevocationList(bytes) is not { } list)
        {
            return Refuse(QuoteReasons.BadCrl, $"'{name}' is no revocation list in DER, PEM or hex");
        }
        validities.Add(new Validity(name, list.ThisUpdate, list.NextUpdate));
        return !list.Issuer.Span.SequenceEqual(issuer.Subject.Span)
                ? Refuse(QuoteReasons.WrongCrl, $"'{name}' is not the list of '{issuer.SubjectCommonName}'")
            : issuer.Usage?.HasFlag(CertificateKeyUsage.CrlSign) != true
                ? Refuse(QuoteReasons.WrongUse, $"'{issuer.SubjectCommonName}' may not sign revocation lists")
            : !list.IsSignedBy(issuerKey)
                ? Refuse(QuoteReasons.BadCrlSignature, $"'{name}' was altered, or was not signed by '{issuer.SubjectCommonName}'")
            : list;
    }

    private static Refusal Refuse(RefusalReason reason, string detail) => reason.At(QuoteStage.Collateral, detail);
}
