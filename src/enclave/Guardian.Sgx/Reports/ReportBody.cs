using System.Buffers.Binary;
using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Reports;

/// <summary>
/// REPORT body, 384 bytes (SDM vol. 3D, table 35-21): the processor's statement of an enclave's identity. Immutable. Equality compares the
/// memory that holds the bytes, not the bytes.
/// </summary>
/// <remarks>
/// Little-endian:
/// <code>
///     0 CPUSVN 16         16 MISCSELECT 4     20 CET_ATTRIBUTES 1  21 reserved 11
///    32 ISVEXTPRODID 16   48 ATTRIBUTES 16
///    64 MRENCLAVE 32      96 reserved 32     128 MRSIGNER 32   160 reserved 32      192 CONFIGID 64
///   256 ISVPRODID 2      258 ISVSVN 2        260 CONFIGSVN 2   262 reserved 42      304 ISVFAMILYID 16   320 REPORTDATA 64
/// </code>
/// </remarks>
public sealed record ReportBody
{
    /// <summary>Size of the structure in bytes.</summary>
    public const int Size = 384;

    /// <summary>Size of <see cref="ReportData"/> in bytes.</summary>
    public const int ReportDataSize = 64;

    private static readonly (int Offset, int Size)[] Reserved = [(21, 11), (96, 32), (160, 32), (262, 42)];

    /// <summary>CPUSVN, 16 bytes: the security version of the processor's microcode.</summary>
    public required ReadOnlyMemory<byte> CpuSvn { get; init; }

    /// <summary>MISCSELECT.</summary>
    public required uint MiscSelect { get; init; }

    /// <summary>CET_ATTRIBUTES: the control-flow enforcement that the enclave runs with. Zero on processors without it.</summary>
    public byte CetAttributes { get; init; }

    /// <summary>ISVEXTPRODID, 16 bytes; empty is written as zero.</summary>
    public ReadOnlyMemory<byte> IsvExtProdId { get; init; }

    /// <summary>ATTRIBUTES.</summary>
    public required EnclaveAttributes Attributes { get; init; }

    /// <summary>MRENCLAVE.</summary>
    public required MrEnclave MrEnclave { get; init; }

    /// <summary>MRSIGNER.</summary>
    public required MrSigner MrSigner { get; init; }

    /// <summary>CONFIGID, 64 bytes; empty is written as zero.</summary>
    public ReadOnlyMemory<byte> ConfigId { get; init; }

    /// <summary>ISVPRODID: the signer's product.</summary>
    public required ushort IsvProdId { get; init; }

    /// <summary>ISVSVN: the product's security version.</summary>
    public required ushort IsvSvn { get; init; }

    /// <summary>CONFIGSVN.</summary>
    public ushort ConfigSvn { get; init; }

    /// <summary>ISVFAMILYID, 16 bytes; empty is written as zero.</summary>
    public ReadOnlyMemory<byte> IsvFamilyId { get; init; }

    /// <summary>REPORTDATA, 64 bytes that the enclave chose; empty is written as zero.</summary>
    public ReadOnlyMemory<byte> ReportData { get; init; }

    /// <summary>Reads a report body.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="body">Receives the body, or null.</param>
    /// <returns>False when there are not exactly <see cref="Size"/> bytes, or a reserved byte is not zero.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ReportBody? body)
    {
        body = null;
        if (bytes.Length != Size)
        {
            return false;
        }
        foreach (var (offset, size) in Reserved)
        {
            if (bytes.Slice(offset, size).ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }
        body = new ReportBody
        {
            CpuSvn = bytes[..16].ToArray(),
            MiscSelect = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            CetAttributes = bytes[20],
            IsvExtProdId = bytes.Slice(32, 16).ToArray(),
            Attributes = EnclaveAttributes.Read(bytes[48..]),
            MrEnclave = MrEnclave.Read(bytes.Slice(64, 32)),
            MrSigner = MrSigner.Read(bytes.Slice(128, 32)),
            ConfigId = bytes.Slice(192, 64).ToArray(),
            IsvProdId = BinaryPrimitives.ReadUInt16LittleEndian(bytes[256..]),
            IsvSvn = BinaryPrimitives.ReadUInt16LittleEndian(bytes[258..]),
            ConfigSvn = BinaryPrimitives.ReadUInt16LittleEndian(bytes[260..]),
            IsvFamilyId = bytes.Slice(304, 16).ToArray(),
            ReportData = bytes.Slice(320, ReportDataSize).ToArray(),
        };
        return true;
    }

    /// <summary>Writes the structure.</summary>
    /// <param name="destination">Receives <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        destination = destination[..Size];
        destination.Clear();
        CpuSvn.Span.CopyTo(destination[..16]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], MiscSelect);
        destination[20] = CetAttributes;
        IsvExtProdId.Span.CopyTo(destination.Slice(32, 16));
        Attributes.Write(destination[48..]);
        MrEnclave.CopyTo(destination[64..]);
        MrSigner.CopyTo(destination[128..]);
        ConfigId.Span.CopyTo(destination.Slice(192, 64));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[256..], IsvProdId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[258..], IsvSvn);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[260..], ConfigSvn);
        IsvFamilyId.Span.CopyTo(destination.Slice(304, 16));
        ReportData.Span.CopyTo(destination.Slice(320, ReportDataSize));
    }
}
