using System.Buffers.Binary;

namespace Guardian.Attestation.Envelopes;

/// <summary>Open Enclave's forms of a quote for remote parties: its report, and its evidence.</summary>
/// <remarks>
/// Report (internal/report.h): version u32 = 1 | type u32 = 2 (SGX, remote) | size u64 of the rest | quote.
/// Evidence (common/attest_plugin.h): version u32 = 3 | format 16 | 4 bytes of padding | size u64 of the rest | quote | claims. The quote's
/// report data is the SHA-256 of the claims. Little-endian.
/// </remarks>
internal static class OpenEnclaveReport
{
    public const int HeaderSize = 16;

    private const uint Version = 1;
    private const uint LocalType = 1;
    private const uint RemoteType = 2;

    private const int EvidenceHeaderSize = 32;
    private const uint EvidenceVersion = 3;

    // Bytes of a quote before its signature data: header, report, the size of the signature data.
    private const int SizeOffset = 432;
    private const int SignatureOffset = SizeOffset + sizeof(uint);

    // OE_FORMAT_UUID_SGX_ECDSA
    private static ReadOnlySpan<byte> EcdsaFormat =>
        [0xA3, 0xA2, 0x1E, 0x87, 0x1B, 0x4D, 0x40, 0x14, 0xB7, 0x0A, 0xA1, 0x25, 0xD2, 0xFB, 0xCD, 0x8C];

    /// <summary>Finds the quote of a report or of evidence; null when the bytes are neither.</summary>
    public static ReadOnlyMemory<byte>? TryRead(ReadOnlyMemory<byte> bytes) =>
        IsHeader(bytes.Span, RemoteType) && SizesMatch(bytes.Span, HeaderSize) ? bytes[HeaderSize..] : TryReadEvidence(bytes);

    /// <summary>Whether the bytes begin like a report for the same machine, which nobody elsewhere can verify.</summary>
    public static bool IsLocal(ReadOnlySpan<byte> bytes) => IsHeader(bytes, LocalType);

    private static ReadOnlyMemory<byte>? TryReadEvidence(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < EvidenceHeaderSize + SignatureOffset || BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span) != EvidenceVersion
            || !bytes.Span[sizeof(uint)..].StartsWith(EcdsaFormat) || !SizesMatch(bytes.Span, EvidenceHeaderSize))
        {
            return null;
        }
        var content = bytes[EvidenceHeaderSize..];
        var size = BinaryPrimitives.ReadUInt32LittleEndian(content.Span[SizeOffset..]);
        return size <= (uint)(content.Length - SignatureOffset) ? content[..(SignatureOffset + (int)size)] : null;
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes, uint type) =>
        bytes.Length > HeaderSize
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Version && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) == type;

    // The last field of both headers.
    private static bool SizesMatch(ReadOnlySpan<byte> bytes, int headerSize) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[(headerSize - sizeof(ulong))..]) == (ulong)(bytes.Length - headerSize);
}
