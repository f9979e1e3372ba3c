using Guardian.Sgx;

namespace Guardian.Attestation;

/// <summary>
/// An SGX quote, version 3, ECDSA-P256 (Intel SGX ECDSA QuoteLibReference, "Quote Format"): parsed and not yet verified.
/// </summary>
/// <remarks>
/// Little-endian:
/// <code>
///   header 48:    version 2 | attestation key type 2 | reserved 4 | QE SVN 2 | PCE SVN 2 | QE vendor id 16 | user data 20
///   body 384:     SGX report body
///   uint32 size | signature data:
///     signature 64 | attestation key 64 | QE report 384 | QE report signature 64 |
///     uint16 size | QE authentication data | uint16 certification data type | uint32 size | certification data
/// </code>
/// Signatures and keys are big-endian pairs. Header and body are signed. Zero bytes may follow; nothing else may.
/// </remarks>
public sealed class Quote
{
    /// <summary>The largest quote that is read. Intel's have some 4.6 KiB; certification data is the only part without a bound of its own.</summary>
    public const int MaxSize = 64 * 1024;

    private const ushort SupportedVersion = 3;
    private const ushort EcdsaP256 = 2;
    private const uint HeaderSize = 48;

    /// <summary>QE vendor id of Intel's quoting enclaves.</summary>
    internal static ReadOnlySpan<byte> IntelVendorId => [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

    private Quote()
    {
    }

    /// <summary>The quote without the zero bytes that may follow it.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Header and body: what the attestation key signed, 432 bytes.</summary>
    public required ReadOnlyMemory<byte> SignedBytes { get; init; }

    /// <summary>Quote version.</summary>
    public required ushort Version { get; init; }

    /// <summary>Security version of the quoting enclave.</summary>
    public required ushort QeSvn { get; init; }

    /// <summary>Security version of the provisioning certification enclave.</summary>
    public required ushort PceSvn { get; init; }

    /// <summary>User data of the header, 20 bytes; the first 16 are the QE id.</summary>
    public required ReadOnlyMemory<byte> UserData { get; init; }

    /// <summary>The enclave's report body.</summary>
    public required ReportBody Report { get; init; }

    /// <summary>Signature over <see cref="SignedBytes"/>, r and s, 64 bytes.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The attestation key, x and y, 64 bytes.</summary>
    public required ReadOnlyMemory<byte> AttestationKey { get; init; }

    /// <summary>The quoting enclave's report body as it was signed, 384 bytes.</summary>
    public required ReadOnlyMemory<byte> QeReportBytes { get; init; }

    /// <summary>The quoting enclave's report body.</summary>
    public required ReportBody QeReport { get; init; }

    /// <summary>The PCK's signature over the QE report, 64 bytes.</summary>
    public required ReadOnlyMemory<byte> QeReportSignature { get; init; }

    /// <summary>What the quoting enclave binds besides its key; Intel's writes 32 bytes.</summary>
    public required ReadOnlyMemory<byte> QeAuthenticationData { get; init; }

    /// <summary>Kind of <see cref="CertificationData"/>; 5 is a PCK certificate chain in PEM.</summary>
    public required ushort CertificationDataType { get; init; }

    /// <summary>How the PCK is certified.</summary>
    public required ReadOnlyMemory<byte> CertificationData { get; init; }

    /// <summary>Reads a quote. Never throws for any content.</summary>
    /// <param name="failure">Stage <see cref="QuoteStage.Parse"/>, with reason and offset, when the result is null.</param>
    public static Quote? TryParse(ReadOnlyMemory<byte> bytes, out QuoteFailure? failure)
    {
        failure = null;
        if (bytes.Length > MaxSize)
        {
            failure = Fail("too-large", $"the quote has {bytes.Length} bytes; at most {MaxSize} are read", 0);
            return null;
        }
        var reader = new ByteReader(bytes);
        if (!reader.TryReadUInt16(out var version)
            || !reader.TryReadUInt16(out var keyType)
            || !reader.TryReadUInt32(out var reserved)
            || !reader.TryReadUInt16(out var qeSvn)
            || !reader.TryReadUInt16(out var pceSvn)
            || !reader.TryReadBytes(16, out var vendorId)
            || !reader.TryReadBytes(20, out var userData))
        {
            failure = Fail("truncated", $"the quote ends after {bytes.Length} bytes, inside its header", bytes.Length);
            return null;
        }
        if (version != SupportedVersion)
        {
            failure = Fail("unsupported-version", $"quote version {version}; this release reads version {SupportedVersion}", 0);
            return null;
        }
        if (keyType != EcdsaP256)
        {
            failure = Fail("unsupported-key-type", $"attestation key type {keyType}; only 2 (ECDSA P-256) is defined for this version", 2);
            return null;
        }
        if (reserved != 0)
        {
            failure = Fail("reserved-not-zero", "the reserved bytes of the header are not zero", 4);
            return null;
        }
        if (!vendorId.Span.SequenceEqual(IntelVendorId))
        {
            failure = Fail("unknown-vendor", "the QE vendor id is not Intel's", 12);
            return null;
        }

        if (!reader.TryReadBytes(ReportBody.Size, out var bodyBytes) || !reader.TryReadUInt32(out var size) || size > (uint)reader.Remaining)
        {
            failure = Fail("truncated", "the quote ends before its signature data does", reader.Offset);
            return null;
        }
        var end = reader.Offset + (int)size;
        if (bytes.Span[end..].ContainsAnyExcept((byte)0))
        {
            failure = Fail("trailing-bytes", "bytes that are not zero follow the signature data", end);
            return null;
        }
        var data = new ByteReader(bytes[reader.Offset..end]);
        if (!data.TryReadBytes(64, out var signature)
            || !data.TryReadBytes(64, out var attestationKey)
            || !data.TryReadBytes(ReportBody.Size, out var qeReportBytes)
            || !data.TryReadBytes(64, out var qeReportSignature)
            || !data.TryReadUInt16(out var authenticationSize)
            || !data.TryReadBytes(authenticationSize, out var authentication)
            || !data.TryReadUInt16(out var certificationType)
            || !data.TryReadUInt32(out var certificationSize)
            || !data.TryReadBytes(certificationSize, out var certification)
            || data.Remaining != 0)
        {
            failure = Fail("bad-signature-data", "the sizes in the signature data do not add up", reader.Offset + data.Offset);
            return null;
        }
        if (!ReportBody.TryRead(bodyBytes.Span, out var report) || !ReportBody.TryRead(qeReportBytes.Span, out var qeReport))
        {
            failure = Fail("reserved-not-zero", "a reserved byte of a report body is not zero", (int)HeaderSize);
            return null;
        }
        return new Quote
        {
            Bytes = bytes[..end],
            SignedBytes = bytes[..((int)HeaderSize + ReportBody.Size)],
            Version = version,
            QeSvn = qeSvn,
            PceSvn = pceSvn,
            UserData = userData,
            Report = report!,
            Signature = signature,
            AttestationKey = attestationKey,
            QeReportBytes = qeReportBytes,
            QeReport = qeReport!,
            QeReportSignature = qeReportSignature,
            QeAuthenticationData = authentication,
            CertificationDataType = certificationType,
            CertificationData = certification,
        };
    }

    private static QuoteFailure Fail(string reason, string detail, int offset) => new(QuoteStage.Parse, reason, detail, offset);
}
