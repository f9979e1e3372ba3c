using Guardian.Refusals;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Quotes;

/// <summary>Reads quotes; see <see cref="Quote"/> for the format. One per quote.</summary>
internal ref struct QuoteReader(ReadOnlyMemory<byte> bytes)
{
    private const int HeaderSize = 48;
    private const ushort EcdsaP256 = 2;
    private const uint TeeSgx = 0;
    private const uint TeeTdx = 0x81;
    private const int SignatureSize = 64;
    private const int KeySize = 64;

    // Versions 4 and 5 nest the certification data in one of this type.
    private const ushort QeReportCertification = 6;

    private readonly ReadOnlyMemory<byte> bytes = bytes;
    private Refusal? refusal;

    public Outcome<Quote> Read()
    {
        var quote = bytes.Length > Quote.MaxSize
            ? Refuse(QuoteReasons.TooLarge, $"the quote has {bytes.Length} bytes; at most {Quote.MaxSize} are read", 0)
            : ReadQuote();
        return new Outcome<Quote>(quote, refusal);
    }

    private Quote? ReadQuote()
    {
        var reader = new ByteReader(bytes);
        if (!reader.TryReadUInt16(out var version)
            || !reader.TryReadUInt16(out var keyType)
            || !reader.TryReadUInt32(out var teeType)
            || !reader.TryReadUInt16(out var qeSvn)
            || !reader.TryReadUInt16(out var pceSvn)
            || !reader.TryReadBytes(16, out var vendorId)
            || !reader.TryReadBytes(20, out var userData))
        {
            return Refuse(QuoteReasons.Truncated, $"the quote ends after {bytes.Length} bytes, inside its header", bytes.Length);
        }
        if (version is < 3 or > 5)
        {
            return Refuse(QuoteReasons.UnsupportedVersion, $"quote version {version}; versions 3, 4 and 5 are read", 0);
        }
        if (keyType != EcdsaP256)
        {
            return Refuse(QuoteReasons.UnsupportedKeyType, $"attestation key type {keyType}; only 2 (ECDSA P-256) is in use", 2);
        }
        if (teeType != TeeSgx && (version == 3 || teeType != TeeTdx))
        {
            var known = version == 3 ? "SGX only, as zero" : "0 (SGX) and 0x81 (TDX)";
            return Refuse(QuoteReasons.UnsupportedTee, $"TEE type 0x{teeType:x}; version {version} knows {known}", 4);
        }
        if (!vendorId.Span.SequenceEqual(Quote.IntelVendorId))
        {
            return Refuse(QuoteReasons.UnknownVendor, "the QE vendor id is not Intel's", 12);
        }
        var tee = teeType == TeeTdx ? TeeType.Tdx : TeeType.Sgx;
        if (!TryReadBody(ref reader, version, tee, out var report, out var td))
        {
            return null;
        }
        var signed = bytes[..reader.Offset];
        if (!reader.TryReadUInt32(out var size) || size > (uint)reader.Remaining)
        {
            return Refuse(QuoteReasons.Truncated, "the quote ends before its signature data does", reader.Offset);
        }
        var end = reader.Offset + (int)size;
        if (bytes.Span[end..].ContainsAnyExcept((byte)0))
        {
            return Refuse(QuoteReasons.TrailingBytes, "bytes that are not zero follow the signature data", end);
        }
        return ReadSignatureData(new ByteReader(bytes[reader.Offset..end]), reader.Offset, version) is { } data
            ? new Quote(bytes[..end], signed, version, tee, qeSvn, pceSvn, userData, report, td, data)
            : null;
    }

    // Version 5 states its body's type; before that, version and TEE decide.
    private bool TryReadBody(ref ByteReader reader, ushort version, TeeType tee, out ReportBody? report, out TdReport? td)
    {
        (report, td) = (null, null);
        var expected = (uint)(tee == TeeType.Sgx ? ReportBody.Size : TdReport.Size);
        if (version == 5)
        {
            if (!reader.TryReadUInt16(out var type) || !reader.TryReadUInt32(out var stated))
            {
                Refuse(QuoteReasons.Truncated, "the quote ends before its body", reader.Offset);
                return false;
            }
            expected = (tee, type) switch
            {
                (TeeType.Sgx, 1) => ReportBody.Size,
                (TeeType.Tdx, 2) => TdReport.Size,
                (TeeType.Tdx, 3) => TdReport.Size15,
                (TeeType.Tdx, 4) => TdReport.Size15Extended,
                _ => 0,
            };
            if (expected == 0 || stated != expected)
            {
                Refuse(
                    QuoteReasons.UnsupportedBody,
                    $"a body of type {type} and {stated} bytes does not belong in a quote of {tee}", HeaderSize);
                return false;
            }
        }
        var start = reader.Offset;
        if (!reader.TryReadBytes(expected, out var body))
        {
            Refuse(QuoteReasons.Truncated, $"the quote ends after {bytes.Length} bytes, inside its body", bytes.Length);
            return false;
        }
        if (tee == TeeType.Tdx)
        {
            td = TdReport.TryRead(body);
            return true;
        }
        if (!ReportBody.TryRead(body.Span, out report))
        {
            Refuse(QuoteReasons.ReservedNotZero, "a reserved byte of the report body is not zero", start);
        }
        return report is not null;
    }

    private QuoteSignatureData? ReadSignatureData(ByteReader data, int start, ushort version)
    {
        ushort outerType = 0;
        uint outerSize = 0;
        if (!data.TryReadBytes(SignatureSize, out var signature)
            || !data.TryReadBytes(KeySize, out var attestationKey)
            || (version > 3 && (!data.TryReadUInt16(out outerType) || !data.TryReadUInt32(out outerSize))))
        {
            return RefuseSizes(start + data.Offset);
        }
        if (version > 3 && (outerType != QeReportCertification || outerSize != (uint)data.Remaining))
        {
            Refuse(
                QuoteReasons.UnsupportedCertification,
                $"certification data of type {outerType} and {outerSize} bytes; version {version} nests everything in one of type "
                + $"{QeReportCertification}", start + data.Offset);
            return null;
        }
        if (!data.TryReadBytes(ReportBody.Size, out var qeReportBytes)
            || !data.TryReadBytes(SignatureSize, out var qeReportSignature)
            || !data.TryReadUInt16(out var authenticationSize)
            || !data.TryReadBytes(authenticationSize, out var authentication)
            || !data.TryReadUInt16(out var certificationType)
            || !data.TryReadUInt32(out var certificationSize)
            || !data.TryReadBytes(certificationSize, out var certification)
            || data.Remaining != 0)
        {
            return RefuseSizes(start + data.Offset);
        }
        if (certificationType is < 1 or > 5)
        {
            Refuse(
                QuoteReasons.UnsupportedCertification,
                $"certification data of type {certificationType}; types 1 to 5 are in use here", start + data.Offset);
            return null;
        }
        if (!ReportBody.TryRead(qeReportBytes.Span, out var qeReport))
        {
            Refuse(QuoteReasons.ReservedNotZero, "a reserved byte of the quoting enclave's report body is not zero", start);
            return null;
        }
        return new QuoteSignatureData(
            signature, attestationKey, qeReportBytes, qeReport!, qeReportSignature, authentication, certificationType, certification);
    }

    private QuoteSignatureData? RefuseSizes(int offset)
    {
        Refuse(QuoteReasons.BadSignatureData, "the sizes in the signature data do not add up", offset);
        return null;
    }

    private Quote? Refuse(RefusalReason reason, string detail, int offset)
    {
        refusal = reason.At(QuoteStage.Parse, detail, offset);
        return null;
    }
}

/// <summary>The signature data of a quote, as <see cref="Quote"/> shows it.</summary>
internal sealed record QuoteSignatureData(
    ReadOnlyMemory<byte> Signature, ReadOnlyMemory<byte> AttestationKey, ReadOnlyMemory<byte> QeReportBytes, ReportBody QeReport,
    ReadOnlyMemory<byte> QeReportSignature, ReadOnlyMemory<byte> QeAuthenticationData, ushort CertificationDataType,
    ReadOnlyMemory<byte> CertificationData);
