using Guardian.Refusals;

namespace Guardian.Attestation.Quotes;

/// <summary>The reasons for which evidence, collateral and statements are refused.</summary>
public static class QuoteReasons
{
    /// <summary>More bytes than any quote has.</summary>
    public static readonly RefusalReason TooLarge = Unverified("too-large", "The quote has more bytes than the verifier reads.");

    /// <summary>The quote ends too early.</summary>
    public static readonly RefusalReason Truncated = Unverified("truncated", "The quote ends inside one of its parts.");

    /// <summary>A quote version other than 3, 4 and 5.</summary>
    public static readonly RefusalReason UnsupportedVersion = Unverified("unsupported-version", "The quote's version is not 3, 4 or 5.");

    /// <summary>An attestation key that is not ECDSA P-256.</summary>
    public static readonly RefusalReason UnsupportedKeyType = Unverified(
        "unsupported-key-type", "The quote's attestation key is not an ECDSA P-256 key.");

    /// <summary>A TEE other than SGX and TDX.</summary>
    public static readonly RefusalReason UnsupportedTee = Unverified(
        "unsupported-tee", "The quote is of a TEE that its version does not define: neither SGX nor TDX.");

    /// <summary>A body that does not fit the quote.</summary>
    public static readonly RefusalReason UnsupportedBody = Unverified(
        "unsupported-body", "The type or the size of the quote's body does not fit its TEE.");

    /// <summary>Certification data of an unknown type.</summary>
    public static readonly RefusalReason UnsupportedCertification = Unverified(
        "unsupported-certification", "The quote's certification data is of a type that the verifier does not read.");

    /// <summary>A quoting enclave of another vendor.</summary>
    public static readonly RefusalReason UnknownVendor = Unverified("unknown-vendor", "The QE vendor id is not Intel's.");

    /// <summary>A reserved byte that is not zero.</summary>
    public static readonly RefusalReason ReservedNotZero = Unverified("reserved-not-zero", "A reserved byte of a report body is not zero.");

    /// <summary>Other bytes than zeros after the quote.</summary>
    public static readonly RefusalReason TrailingBytes = Unverified("trailing-bytes", "Bytes other than zero follow the quote.");

    /// <summary>Sizes that contradict each other.</summary>
    public static readonly RefusalReason BadSignatureData = Unverified(
        "bad-signature-data", "The sizes inside the quote's signature data do not add up.");

    /// <summary>A quote without its PCK certificate.</summary>
    public static readonly RefusalReason PckCertificateNeeded = Unverified(
        "pck-certificate-needed", "The quote names its platform but does not carry the platform's PCK certificate chain.",
        "get the platform's PCK certificate chain and pass it with --pck-chain");

    /// <summary>A chain that is not three certificates.</summary>
    public static readonly RefusalReason BadChain = Unverified(
        "bad-chain", "The certification data is not a PEM chain of three certificates: PCK, its issuer, root.");

    /// <summary>A chain to a root that the caller does not trust.</summary>
    public static readonly RefusalReason UnknownRoot = Unverified(
        "unknown-root", "The certificate chain ends in a root that the caller does not trust.");

    /// <summary>A key that is not on P-256.</summary>
    public static readonly RefusalReason BadKey = Unverified("bad-key", "A certificate's key is not on the curve P-256.");

    /// <summary>A PCK certificate without Intel's extension.</summary>
    public static readonly RefusalReason BadPck = Unverified(
        "bad-pck", "The PCK certificate lacks Intel's SGX extension, or a field of it.");

    /// <summary>A certificate of another role.</summary>
    public static readonly RefusalReason WrongName = Unverified(
        "wrong-name", "A certificate does not have the name that its position requires.");

    /// <summary>A certificate of another issuer.</summary>
    public static readonly RefusalReason WrongIssuer = Unverified(
        "wrong-issuer", "A certificate names another issuer than the next one of its chain.");

    /// <summary>A certificate outside its use.</summary>
    public static readonly RefusalReason WrongUse = Unverified(
        "wrong-use", "A certificate's constraints do not allow its use: basicConstraints, keyUsage, or an unknown critical extension.");

    /// <summary>A signature that does not hold.</summary>
    public static readonly RefusalReason BadSignature = Unverified(
        "bad-signature", "A signature over a certificate, a quote or a statement does not verify.");

    /// <summary>A validity period that begins later.</summary>
    public static readonly RefusalReason NotYetValid = Unverified(
        "not-yet-valid", "A certificate or a document is not valid yet at the given instant.",
        "check the clock, or the instant that you gave");

    /// <summary>A validity period that has ended.</summary>
    public static readonly RefusalReason Expired = Unverified(
        "expired", "A certificate or a document is no longer valid at the given instant.",
        "fetch newer collateral: guardian quote collateral fetch");

    /// <summary>A QE report without the PCK's signature.</summary>
    public static readonly RefusalReason BadQeSignature = Unverified(
        "bad-qe-signature", "The PCK did not sign the quoting enclave's report.");

    /// <summary>A quoting enclave that is not Intel's.</summary>
    public static readonly RefusalReason UnknownQe = Unverified(
        "unknown-qe", "The quoting enclave does not match the identity that may quote.");

    /// <summary>A TDX module that is not Intel's.</summary>
    public static readonly RefusalReason UnknownTdxModule = Unverified(
        "unknown-tdx-module", "The TDX module does not match Intel's identity of it.");

    /// <summary>A quote of another key.</summary>
    public static readonly RefusalReason KeyNotBound = Unverified("key-not-bound", "The quote or the QE report names another key.");

    /// <summary>No collateral for the platform.</summary>
    public static readonly RefusalReason NoCollateral = Unverified(
        "no-collateral", "The signatures of the quote hold, but Intel's collateral about the platform is missing.",
        "fetch it: guardian quote collateral fetch QUOTE");

    /// <summary>Collateral that cannot be read.</summary>
    public static readonly RefusalReason BadCollateral = new(
        "bad-collateral", RefusalKind.Invalid, "The file or folder holds no complete collateral.");

    /// <summary>Collateral signed by another chain than Intel's form.</summary>
    public static readonly RefusalReason BadIssuerChain = Unverified(
        "bad-issuer-chain", "The issuer chain of the collateral is not a PEM chain of two certificates: signer, root.");

    /// <summary>A malformed TCB info.</summary>
    public static readonly RefusalReason BadTcbInfo = Unverified("bad-tcb-info", "The TCB info is malformed or of an unknown version.");

    /// <summary>A TCB info with a bad signature.</summary>
    public static readonly RefusalReason BadTcbInfoSignature = Unverified(
        "bad-tcb-info-signature", "The TCB info was changed, or its issuer did not sign it.");

    /// <summary>A malformed QE identity.</summary>
    public static readonly RefusalReason BadQeIdentity = Unverified(
        "bad-qe-identity", "The QE identity is malformed or of an unknown version.");

    /// <summary>A QE identity with a bad signature.</summary>
    public static readonly RefusalReason BadQeIdentitySignature = Unverified(
        "bad-qe-identity-signature", "The QE identity was changed, or its issuer did not sign it.");

    /// <summary>The TCB info of another TEE.</summary>
    public static readonly RefusalReason WrongTcbInfo = Unverified("wrong-tcb-info", "The TCB info is for the other TEE.");

    /// <summary>The identity of another enclave.</summary>
    public static readonly RefusalReason WrongQeIdentity = Unverified("wrong-qe-identity", "The QE identity is of another enclave.");

    /// <summary>The TCB info of another platform family.</summary>
    public static readonly RefusalReason WrongFmspc = Unverified("wrong-fmspc", "The TCB info is for another platform family (FMSPC).");

    /// <summary>The TCB info of another PCE.</summary>
    public static readonly RefusalReason WrongPceId = Unverified(
        "wrong-pceid", "The TCB info is for another provisioning certification enclave (PCE-ID).");

    /// <summary>A missing revocation list.</summary>
    public static readonly RefusalReason MissingCrl = Unverified(
        "missing-crl", "A revocation list is missing, so revoked certificates would pass.",
        "fetch the collateral again: guardian quote collateral fetch");

    /// <summary>A malformed revocation list.</summary>
    public static readonly RefusalReason BadCrl = Unverified(
        "bad-crl", "A revocation list is malformed: it is not DER, PEM, hex or base64.");

    /// <summary>The revocation list of another issuer.</summary>
    public static readonly RefusalReason WrongCrl = Unverified("wrong-crl", "A revocation list is of another issuer.");

    /// <summary>A revocation list with a bad signature.</summary>
    public static readonly RefusalReason BadCrlSignature = Unverified(
        "bad-crl-signature", "A revocation list was changed, or its issuer did not sign it.");

    /// <summary>A revoked certificate, or revoked security versions.</summary>
    public static readonly RefusalReason Revoked = Unverified(
        "revoked", "Intel revoked a certificate or the platform's security versions.");

    /// <summary>Security versions below every level.</summary>
    public static readonly RefusalReason NotSupported = Unverified(
        "not-supported", "The platform, its quoting enclave or its TDX module is below every level that Intel lists.",
        "update the platform's firmware and microcode");

    /// <summary>A peer certificate that is not X.509.</summary>
    public static readonly RefusalReason BadCertificate = Unverified(
        "bad-certificate", "The peer's certificate is not a well-formed X.509 certificate.");

    /// <summary>A peer certificate outside its validity period.</summary>
    public static readonly RefusalReason NotValidNow = Unverified(
        "not-valid-now", "The peer's certificate is not valid at this instant.", "check the clock");

    /// <summary>A peer certificate without a quote.</summary>
    public static readonly RefusalReason NoEvidence = Unverified(
        "no-evidence", "The peer's certificate carries no quote: the peer is no attested enclave.");

    /// <summary>Malformed tagged evidence.</summary>
    public static readonly RefusalReason BadEvidence = Unverified(
        "bad-evidence", "The tagged evidence in the peer's certificate is malformed.");

    /// <summary>A trust domain in the place of an enclave.</summary>
    public static readonly RefusalReason NotAnEnclave = Unverified(
        "not-an-enclave", "A quote that must be an SGX enclave's is a trust domain's.");

    /// <summary>Two quotes that differ.</summary>
    public static readonly RefusalReason EvidenceDisagrees = Unverified(
        "evidence-disagrees", "The peer's certificate carries evidence of two different enclaves, roles or contexts.");

    /// <summary>Evidence of a key that serves another purpose.</summary>
    public static readonly RefusalReason WrongRole = Unverified(
        "wrong-role", "The evidence is genuine, but its key has another role or context than the caller demands.");

    /// <summary>A malformed statement.</summary>
    public static readonly RefusalReason BadStatement = Unverified(
        "bad-statement", "The file is no statement of a Guardian enclave (JWS, ES256, with key and quote).");

    /// <summary>Evidence that verifies and that the policy refuses.</summary>
    public static readonly RefusalReason NotAccepted = Unverified(
        "not-accepted", "The evidence verifies, but the policy does not accept the enclave, its platform or its TCB level.");

    private static RefusalReason Unverified(string code, string meaning, string? remedy = null) =>
        new(code, RefusalKind.Unverified, meaning, remedy);
}
