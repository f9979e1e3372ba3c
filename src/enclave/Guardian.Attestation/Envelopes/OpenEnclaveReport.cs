using System.Buffers.Binary;

namespace Guardian.Attestation.Envelopes;

/// <summary>Open Enclave's report of an enclave for remote parties (openenclave, internal/report.h).</summary>
/// <remarks>version u32 = 1 | type u32 = 2 (SGX, remote) | size u64 of the rest | quote. Little-endian.</remarks>
internal static class OpenEnclaveReport
{
    public const int HeaderSize = 16;

    private const uint Version = 1;
    private const uint LocalType = 1;
    private const uint RemoteType = 2;

    /// <summary>Finds the quote; null when the bytes are no such report.</summary>
    public static ReadOnlyMemory<byte>? TryRead(ReadOnlyMemory<byte> bytes) =>
        IsHeader(bytes.Span, RemoteType)
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[8..]) == (ulong)(bytes.Length - HeaderSize)
            ? bytes[HeaderSize..]
            : default(ReadOnlyMemory<byte>?);

    /// <summary>Whether the bytes begin like a report for the same machine, which nobody elsewhere can verify.</summary>
    public static bool IsLocal(ReadOnlySpan<byte> bytes) => IsHeader(bytes, LocalType);

    private static bool IsHeader(ReadOnlySpan<byte> bytes, uint type) =>
        bytes.Length > HeaderSize
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Version && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) == type;
}
