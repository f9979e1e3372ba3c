using Guardian.Refusals;

namespace Guardian.Attestation.Quotes;

/// <summary>The reasons for which evidence, collateral and statements are refused.</summary>
/// <remarks>Each field's text says what it means; docs/reference/reasons.md lists them.</remarks>
public static class QuoteReasons
{
#pragma warning disable CS1591 // A comment could only repeat the text of the reason.
    public static readonly RefusalReason TooLarge = Unverified("too-large", "The quote has more bytes than the verifier reads.");
    public static readonly RefusalReason Truncated = Unverified("truncated", "The quote ends inside one of its parts.");
    public static readonly RefusalReason UnsupportedVersion = Unverified("unsupported-version", "The quote's version is not 3, 4 or 5.");
    public static readonly RefusalReason UnsupportedKeyType = Unverified(
        "unsupported-key-type", "The quote's attestation key is not an ECDSA P-256 key.");
    public static readonly RefusalReason UnsupportedTee = Unverified(
        "unsupported-tee", "The quote is of a TEE that its version does not define: neither SGX nor TDX.");
    public static readonly RefusalReason UnsupportedBody = Unverified(
        "unsupported-body", "The type or the size of the quote's body does not fit its TEE.");
    public static readonly RefusalReason UnsupportedCertification = Unverified(
        "unsupported-certification", "The quote's certification data is of a type that the verifier does not read.");
    public static readonly RefusalReason UnknownVendor = Unverified("unknown-vendor", "The QE vendor id is not Intel's.");
    public static readonly RefusalReason ReservedNotZero = Unverified("reserved-not-zero", "A reserved byte of a report body is not zero.");
    public static readonly RefusalReason TrailingBytes = Unverified("trailing-bytes", "Bytes other than zero follow the quote.");
    public static readonly RefusalReason BadSignatureData = Unverified(
        "bad-signature-data", "The sizes inside the quote's signature data do not add up.");
    public static readonly RefusalReason PckCertificateNeeded = Unverified(
        "pck-certificate-needed", "The quote names its platform but does not carry the platform's PCK certificate chain.",
        "get the platform's PCK certificate chain and pass it with --pck-chain");
    public static readonly RefusalReason BadChain = Unverified(
        "bad-chain", "The certification data is not a PEM chain of three certificates: PCK, its issuer, root.");
    public static readonly RefusalReason UnknownRoot = Unverified(
        "unknown-root", "The certificate chain ends in a root that the caller does not trust.",
        "to accept a root of your own, name it: --root FILE; simulated platforms have one that --simulated accepts");
    public static readonly RefusalReason BadKey = Unverified("bad-key", "A certificate's key is not on the curve P-256.");
    public static readonly RefusalReason BadPck = Unverified(
        "bad-pck", "The PCK certificate lacks Intel's SGX extension, or a field of it.");
    public static readonly RefusalReason WrongName = Unverified(
        "wrong-name", "A certificate does not have the name that its position requires.");
    public static readonly RefusalReason WrongIssuer = Unverified(
        "wrong-issuer", "A certificate names another issuer than the next one of its chain.");
    public static readonly RefusalReason WrongUse = Unverified(
        "wrong-use", "A certificate's constraints do not allow its use: basicConstraints, keyUsage, or an unknown critical extension.");
    public static readonly RefusalReason BadSignature = Unverified(
        "bad-signature", "A signature over a certificate, a quote or a statement does not verify.");
    public static readonly RefusalReason NotYetValid = Unverified(
        "not-yet-valid", "A certificate or a document is not valid yet at the given instant.",
        "check the clock, or the instant that you gave");
    public static readonly RefusalReason Expired = Unverified(
        "expired", "A certificate or a document is no longer valid at the given instant.",
        "fetch newer collateral: guardian quote collateral fetch");
    public static readonly RefusalReason BadQeSignature = Unverified(
        "bad-qe-signature", "The PCK did not sign the quoting enclave's report.");
    public static readonly RefusalReason UnknownQe = Unverified(
        "unknown-qe", "The quoting enclave does not match the identity that may quote.");
    public static readonly RefusalReason UnknownTdxModule = Unverified(
        "unknown-tdx-module", "The TDX module does not match Intel's identity of it.");
    public static readonly RefusalReason KeyNotBound = Unverified("key-not-bound", "The quote or the QE report names another key.");
    public static readonly RefusalReason NoCollateral = Unverified(
        "no-collateral", "The signatures of the quote hold, but Intel's collateral about the platform is missing.",
        "fetch it: guardian quote collateral fetch QUOTE");
    public static readonly RefusalReason BadCollateral = new(
        "bad-collateral", RefusalKind.Invalid, "The file or folder holds no complete collateral.");
    public static readonly RefusalReason BadIssuerChain = Unverified(
        "bad-issuer-chain", "The issuer chain of the collateral is not a PEM chain of two certificates: signer, root.");
    public static readonly RefusalReason BadTcbInfo = Unverified("bad-tcb-info", "The TCB info is malformed or of an unknown version.");
    public static readonly RefusalReason BadTcbInfoSignature = Unverified(
        "bad-tcb-info-signature", "The TCB info was changed, or its issuer did not sign it.");
    public static readonly RefusalReason BadQeIdentity = Unverified(
        "bad-qe-identity", "The QE identity is malformed or of an unknown version.");
    public static readonly RefusalReason BadQeIdentitySignature = Unverified(
        "bad-qe-identity-signature", "The QE identity was changed, or its issuer did not sign it.");
    public static readonly RefusalReason WrongTcbInfo = Unverified("wrong-tcb-info", "The TCB info is for the other TEE.");
    public static readonly RefusalReason WrongQeIdentity = Unverified("wrong-qe-identity", "The QE identity is of another enclave.");
    public static readonly RefusalReason WrongFmspc = Unverified("wrong-fmspc", "The TCB info is for another platform family (FMSPC).");
    public static readonly RefusalReason WrongPceId = Unverified(
        "wrong-pceid", "The TCB info is for another provisioning certification enclave (PCE-ID).");
    public static readonly RefusalReason MissingCrl = Unverified(
        "missing-crl", "A revocation list is missing, so revoked certificates would pass.",
        "fetch the collateral again: guardian quote collateral fetch");
    public static readonly RefusalReason BadCrl = Unverified(
        "bad-crl", "A revocation list is malformed: it is not DER, PEM, hex or base64.");
    public static readonly RefusalReason WrongCrl = Unverified("wrong-crl", "A revocation list is of another issuer.");
    public static readonly RefusalReason BadCrlSignature = Unverified(
        "bad-crl-signature", "A revocation list was changed, or its issuer did not sign it.");
    public static readonly RefusalReason Revoked = Unverified(
        "revoked", "Intel revoked a certificate or the platform's security versions.");
    public static readonly RefusalReason NotSupported = Unverified(
        "not-supported", "The platform, its quoting enclave or its TDX module is below every level that Intel lists.",
        "update the platform's firmware and microcode");
    public static readonly RefusalReason BadCertificate = Unverified(
        "bad-certificate", "The peer's certificate is not a well-formed X.509 certificate.");
    public static readonly RefusalReason NotValidNow = Unverified(
        "not-valid-now", "The peer's certificate is not valid at this instant.", "check the clock");
    public static readonly RefusalReason NoEvidence = Unverified(
        "no-evidence", "The peer's certificate carries no quote: the peer is no attested enclave.");
    public static readonly RefusalReason BadEvidence = Unverified(
        "bad-evidence", "The tagged evidence in the peer's certificate is malformed.");
    public static readonly RefusalReason NotAnEnclave = Unverified(
        "not-an-enclave", "A quote that must be an SGX enclave's is a trust domain's.");
    public static readonly RefusalReason EvidenceDisagrees = Unverified(
        "evidence-disagrees", "The peer's certificate carries evidence of two different enclaves, roles or contexts.");
    public static readonly RefusalReason WrongRole = Unverified(
        "wrong-role", "The evidence is genuine, but its key has another role or context than the caller demands.");
    public static readonly RefusalReason BadStatement = Unverified(
        "bad-statement", "The file is no statement of a Guardian enclave (JWS, ES256, with key and quote).");
    public static readonly RefusalReason NoEnvelope = Unverified(
        "no-envelope", "The input has no form of evidence or of an attestation result that Guardian reads.",
        "give a quote, an Open Enclave report, an RA-TLS certificate, a MarbleRun answer or a JWT; raw, hexadecimal, base64 or PEM");
    public static readonly RefusalReason BadToken = Unverified("bad-token", "The token is malformed, or of no kind that Guardian knows.");
    public static readonly RefusalReason BadTokenKeys = Unverified(
        "bad-token-keys", "The issuer's set of keys (JWKS) is malformed, or a certificate in it does not verify.");
    public static readonly RefusalReason UnknownTokenKey = Unverified(
        "unknown-token-key", "No key of the issuer fits the token's algorithm and key identifier.",
        "give the issuer's present keys (JWKS): --keys FILE");
    public static readonly RefusalReason BadSnpReport = Unverified(
        "bad-snp-report", "The report of SEV-SNP has a size, version, signature algorithm or signer that the verifier does not know.");
    public static readonly RefusalReason NoEndorsements = Unverified(
        "no-endorsements", "AMD's documents about the platform of a report are missing: the key's certificate, or its issuers.",
        "give a folder with vcek.der or vlek.der, chain.pem and crl.der: --collateral FOLDER");
    public static readonly RefusalReason BadSnpChain = Unverified(
        "bad-snp-chain", "The issuers of a report's key are not two certificates in PEM: intermediate (ASK or ASVK), root (ARK).");
    public static readonly RefusalReason BadSnpCertificate = Unverified(
        "bad-snp-certificate", "The certificate of a report's key is malformed, lacks AMD's extensions, or is of the other kind of key.");
    public static readonly RefusalReason WrongChip = Unverified(
        "wrong-chip", "The report of SEV-SNP names another chip than the certificate of its key, or hides its chip.");
    public static readonly RefusalReason WrongSnpTcb = Unverified(
        "wrong-snp-tcb", "The report of SEV-SNP names other security versions than the certificate of its key.",
        "get the certificate for the reported versions from AMD's service");
    public static readonly RefusalReason BadEventLog = Unverified(
        "bad-event-log", "The event log of a trust domain is malformed, or has a form that the verifier does not read.");
    public static readonly RefusalReason WrongEventLog = Unverified(
        "wrong-event-log",
        "The events of the log do not give the registers (RTMR) that the quote has: the log was changed, or is of another boot.");
    public static readonly RefusalReason NotAccepted = Unverified(
        "not-accepted", "The evidence verifies, but the policy does not accept the enclave, its platform or its TCB level.");
#pragma warning restore CS1591

    private static RefusalReason Unverified(string code, string meaning, string? remedy = null) =>
        new(code, RefusalKind.Unverified, meaning, remedy);
}
