using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Snp;

/// <summary>Verified certificates of a platform: the signing key's, its issuer's, and the root's.</summary>
internal sealed record SnpChain(
    Certificate Leaf, Certificate Root, SnpLeaf Endorsed, bool IsRevocationKnown, DateTimeOffset EarliestExpiry)
{
    // SHA-256 of the public keys (SubjectPublicKeyInfo) of ARK-Milan, ARK-Genoa and ARK-Turin.
    private static readonly string[] AmdRoots =
    [
        "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
        "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
        "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
    ];

    private const string Renewal = "get the platform's present documents from AMD's service (https://kdsintf.amd.com)";

    /// <summary>Whether a certificate has the key of one of AMD's roots.</summary>
    public static bool IsAmd(Certificate certificate) => AmdRoots.Contains(HashOfKey(certificate));

    /// <summary>Verifies certificates and revocation list.</summary>
    public static Outcome<SnpChain> Verify(SnpEndorsements endorsements, DateTimeOffset now, SnpOptions options)
    {
        if (ReadOne(endorsements.Leaf) is not { } leaf)
        {
            return Refuse(QuoteReasons.BadSnpCertificate, "the certificate of the signing key is malformed");
        }
        if (CertificatePem.ReadAll(endorsements.Chain.Span, most: 3) is not [{ } intermediate, { } root])
        {
            return Refuse(
                QuoteReasons.BadSnpChain,
                "the issuers of the signing key are not two certificates in PEM: intermediate (ASK or ASVK), root (ARK)");
        }
        if (!IsAccepted(root, options))
        {
            return Refuse(QuoteReasons.UnknownRoot, $"the chain ends in '{root.SubjectCommonName}', which does not have an accepted key");
        }
        foreach (
            var (certificate, issuer, isAuthority) in new[] { (root, root, true), (intermediate, root, true), (leaf, intermediate, false) })
        {
            if (Check(certificate, issuer, isAuthority, now) is { } refusal)
            {
                return refusal;
            }
        }
        if (SnpLeaf.TryRead(leaf) is not { } endorsed)
        {
            return Refuse(QuoteReasons.BadSnpCertificate, "the certificate of the signing key lacks AMD's extensions, or one is malformed");
        }
        var expiry = new[] { leaf.NotAfter, intermediate.NotAfter, root.NotAfter }.Min();
        if (endorsements.RevocationList.IsEmpty)
        {
            return options.RequireRevocationList
                ? QuoteReasons.MissingCrl.At(QuoteStage.Collateral, "the revocation list of AMD's root is missing") with
                {
                    Remedy = "get it from AMD's service (https://kdsintf.amd.com/vcek/v1/PRODUCT/crl) as crl.der",
                }
                : new SnpChain(leaf, root, endorsed, IsRevocationKnown: false, expiry);
        }
        var (list, unusable) = ReadList(endorsements.RevocationList, root, now);
        return list is null ? unusable!
            : list.Contains(intermediate)
                ? QuoteReasons.Revoked.At(QuoteStage.Revocation, $"AMD revoked '{intermediate.SubjectCommonName}'")
            : new SnpChain(leaf, root, endorsed, IsRevocationKnown: true, list.NextUpdate < expiry ? list.NextUpdate : expiry);
    }

    private static Refusal? Check(Certificate certificate, Certificate issuer, bool isAuthority, DateTimeOffset now)
    {
        var name = certificate.SubjectCommonName;
        return !certificate.Issuer.Span.SequenceEqual(issuer.Subject.Span)
                ? Refuse(QuoteReasons.WrongIssuer, $"'{name}' names another issuer than '{issuer.SubjectCommonName}'")
            : certificate.HasUnknownCritical || certificate.IsAuthority != isAuthority
                || (isAuthority && certificate.Usage?.HasFlag(CertificateKeyUsage.KeyCertSign) != true)
                ? Refuse(QuoteReasons.WrongUse, $"'{name}' may not be used in this place of the chain")
            : now < certificate.NotBefore
                ? Refuse(QuoteReasons.NotYetValid, $"'{name}' is valid from {certificate.NotBefore:u}, not at {now:u}")
            : now > certificate.NotAfter
                ? Refuse(QuoteReasons.Expired, $"'{name}' was valid to {certificate.NotAfter:u}, not at {now:u}") with { Remedy = Renewal }
            : !AmdKey.HasSigned(issuer, certificate.SignatureAlgorithm, certificate.Tbs.Span, certificate.Signature.Span)
                ? Refuse(QuoteReasons.BadSignature, $"'{issuer.SubjectCommonName}' did not sign '{name}'")
            : null;
    }

    private static Outcome<RevocationList> ReadList(ReadOnlyMemory<byte> bytes, Certificate root, DateTimeOffset now)
    {
        if (CertificatePem.ReadRevocationList(bytes) is not { } list)
        {
            return QuoteReasons.BadCrl.At(QuoteStage.Collateral, "the revocation list is malformed");
        }
        return !list.Issuer.Span.SequenceEqual(root.Subject.Span)
                ? QuoteReasons.WrongCrl.At(QuoteStage.Collateral, $"the revocation list is not of '{root.SubjectCommonName}'")
            : root.Usage?.HasFlag(CertificateKeyUsage.CrlSign) != true
                || !AmdKey.HasSigned(root, list.SignatureAlgorithm, list.Tbs.Span, list.Signature.Span)
                ? QuoteReasons.BadCrlSignature.At(QuoteStage.Collateral, $"'{root.SubjectCommonName}' did not sign the revocation list")
            : now < list.ThisUpdate
                ? QuoteReasons.NotYetValid.At(
                    QuoteStage.Collateral, $"the revocation list is valid from {list.ThisUpdate:u}, not at {now:u}")
            : now > list.NextUpdate
                ? QuoteReasons.Expired.At(
                    QuoteStage.Collateral, $"the revocation list was valid to {list.NextUpdate:u}, not at {now:u}") with
                {
                    Remedy = Renewal,
                }
            : list;
    }

    private static bool IsAccepted(Certificate root, SnpOptions options) =>
        options.Root.IsEmpty ? IsAmd(root) : ReadOne(options.Root) is { } given && HashOfKey(given) == HashOfKey(root);

    private static Certificate? ReadOne(ReadOnlyMemory<byte> bytes) =>
        bytes.Length > 0 && bytes.Span[0] == 0x30
            ? Certificate.TryRead(bytes)
            : CertificatePem.ReadAll(bytes.Span, most: 1).FirstOrDefault();

    private static string HashOfKey(Certificate certificate) => Convert.ToHexStringLower(certificate.KeyHash);

    private static Refusal Refuse(RefusalReason reason, string detail) => reason.At(QuoteStage.CertificateChain, detail);
}
