using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Attestation.Snp;

namespace Guardian.Attestation.Envelopes;

/// <summary>The report that Azure's paravisor stores in the virtual TPM: a report of SEV-SNP and runtime data, which the report
/// names.</summary>
/// <remarks>
/// header: "HCLA" | version u32 | report size u32 | request u32 | status u32 | 12 reserved; report 1184;
/// data size u32 | version u32 | report type u32 (2 SEV-SNP) | hash type u32 (1 SHA-256) | size of the data u32 | data. Little-endian.
/// </remarks>
internal static class AzureReport
{
    private const int HeaderSize = 32;
    private const int DataHeaderSize = 20;
    private const int DataOffset = HeaderSize + SnpReport.Size + DataHeaderSize;
    private const uint SnpType = 2;
    private const uint Sha256Type = 1;

    /// <summary>Finds the report and the runtime data; null when the bytes are no such report.</summary>
    public static (ReadOnlyMemory<byte> Report, ReadOnlyMemory<byte> RuntimeData)? TryRead(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < DataOffset || !bytes.Span.StartsWith("HCLA"u8))
        {
            return null;
        }
        var header = bytes.Span.Slice(HeaderSize + SnpReport.Size, DataHeaderSize);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) == SnpType
            && BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == Sha256Type
            && size > 0 && size <= bytes.Length - DataOffset
                ? (bytes.Slice(HeaderSize, SnpReport.Size), bytes.Slice(DataOffset, (int)size))
                : null;
    }

    /// <summary>Whether a report names the runtime data: its hash is the first half of the report data, and zeros follow.</summary>
    public static bool Names(SnpReport report, ReadOnlyMemory<byte> runtimeData) =>
        report.ReportData.Span[..32].SequenceEqual(SHA256.HashData(runtimeData.Span))
        && !report.ReportData.Span[32..].ContainsAnyExcept((byte)0);
}
