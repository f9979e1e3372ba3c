using Guardian.Refusals;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Quotes;

/// <summary>The kind of trusted execution environment that a quote speaks for.</summary>
public enum TeeType
{
    /// <summary>An SGX enclave.</summary>
    Sgx,

    /// <summary>A TDX trust domain.</summary>
    Tdx,
}

/// <summary>
/// An ECDSA-P256 quote of version 3, 4 or 5 (Intel SGX ECDSA QuoteLibReference and Intel TDX DCAP Quoting Library API, "Quote Format"):
/// parsed and not verified. Immutable.
/// </summary>
/// <remarks>
/// Little-endian:
/// <code>
///   header 48:    version 2 | attestation key type 2 | TEE type 4 | QE SVN 2 | PCE SVN 2 | QE vendor id 16 | user data 20
///   version 5:    uint16 body type | uint32 body size
///   body:         SGX report body 384, or TD report 584, 648 or 885
///   uint32 size | signature data:
///     signature 64 | attestation key 64 | (version 4 and 5: uint16 6 | uint32 size) | QE report 384 | QE report signature 64 |
///     uint16 size | QE authentication data | uint16 certification data type | uint32 size | certification data
/// </code>
/// Signatures and keys are big-endian pairs. The signature covers everything before the size of the signature data. Zero bytes may
/// follow the quote; nothing else may. They are not authenticated, and anyone can rewrite a signature (s and n - s are both valid):
/// the bytes of a quote identify nothing.
/// </remarks>
public sealed class Quote
{
    /// <summary>
    /// The largest quote that is read, in bytes. Intel's have about 5 KiB; only the certification data has no bound of its own.
    /// </summary>
    public const int MaxSize = 64 * 1024;

    private readonly QuoteSignatureData data;

    internal Quote(
        ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> signedBytes, ushort version, TeeType tee, ushort qeSvn, ushort pceSvn,
        ReadOnlyMemory<byte> userData, ReportBody? report, TdReport? tdReport, QuoteSignatureData data)
    {
        (Bytes, SignedBytes, Version, Tee, QeSvn, PceSvn, UserData) = (bytes, signedBytes, version, tee, qeSvn, pceSvn, userData);
        (Report, TdReport, this.data) = (report, tdReport, data);
    }

    /// <summary>QE vendor id of Intel's quoting enclaves.</summary>
    internal static ReadOnlySpan<byte> IntelVendorId =>
        [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

    /// <summary>The quote without the zero bytes that may follow it.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Header and body: the bytes that the attestation key signed.</summary>
    public ReadOnlyMemory<byte> SignedBytes { get; }

    /// <summary>Quote version, 3 to 5.</summary>
    public ushort Version { get; }

    /// <summary>The kind of TEE.</summary>
    public TeeType Tee { get; }

    /// <summary>Security version of the quoting enclave; zero since version 4.</summary>
    public ushort QeSvn { get; }

    /// <summary>Security version of the provisioning certification enclave; zero since version 4.</summary>
    public ushort PceSvn { get; }

    /// <summary>User data of the header, 20 bytes; the first 16 are the QE id.</summary>
    public ReadOnlyMemory<byte> UserData { get; }

    /// <summary>The enclave's report body; null for a trust domain.</summary>
    public ReportBody? Report { get; }

    /// <summary>The trust domain's report; null for an enclave.</summary>
    public TdReport? TdReport { get; }

    /// <summary>REPORTDATA of the enclave or trust domain, 64 bytes.</summary>
    public ReadOnlyMemory<byte> ReportData => Report?.ReportData ?? TdReport!.ReportData;

    /// <summary>Signature over <see cref="SignedBytes"/>: r and s, 64 bytes, big-endian.</summary>
    public ReadOnlyMemory<byte> Signature => data.Signature;

    /// <summary>The attestation key: x and y, 64 bytes, big-endian.</summary>
    public ReadOnlyMemory<byte> AttestationKey => data.AttestationKey;

    /// <summary>The quoting enclave's report body as it was signed, 384 bytes.</summary>
    public ReadOnlyMemory<byte> QeReportBytes => data.QeReportBytes;

    /// <summary>The quoting enclave's report body.</summary>
    public ReportBody QeReport => data.QeReport;

    /// <summary>The PCK's signature over the QE report: r and s, 64 bytes, big-endian.</summary>
    public ReadOnlyMemory<byte> QeReportSignature => data.QeReportSignature;

    /// <summary>The data that the quoting enclave binds besides its key: at most 65,535 bytes; Intel's writes 32.</summary>
    public ReadOnlyMemory<byte> QeAuthenticationData => data.QeAuthenticationData;

    /// <summary>Type of <see cref="CertificationData"/>: 1 to 3 name the platform, 4 is the PCK certificate, 5 its chain in PEM.</summary>
    public ushort CertificationDataType => data.CertificationDataType;

    /// <summary>The certification of the PCK, in the form of <see cref="CertificationDataType"/>.</summary>
    public ReadOnlyMemory<byte> CertificationData => data.CertificationData;

    /// <summary>Reads a quote.</summary>
    /// <param name="bytes">The quote; at most <see cref="MaxSize"/> bytes.</param>
    /// <returns>The quote, or a refusal of stage <see cref="QuoteStage.Parse"/> with reason and offset. Never throws for any
    /// content.</returns>
    public static Outcome<Quote> TryParse(ReadOnlyMemory<byte> bytes) => new QuoteReader(bytes).Read();
}
