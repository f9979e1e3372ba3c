using System.Buffers.Binary;

namespace Guardian.Sgx.Reports;

/// <summary>TARGETINFO, 512 bytes (SDM vol. 3D, table 35-20): the enclave that can check a report.</summary>
/// <remarks>
/// Little-endian: <c>0 MRENCLAVE 32 | 32 ATTRIBUTES 16 | 48 CET_ATTRIBUTES 1 | 49 reserved 1 | 50 CONFIGSVN 2 | 52 MISCSELECT 4 |
/// 56 reserved 8 | 64 CONFIGID 64 | 128 reserved 384</c>.
/// </remarks>
public static class TargetInfo
{
    /// <summary>Size of the structure in bytes.</summary>
    public const int Size = 512;

    /// <summary>Writes the TARGETINFO of an enclave.</summary>
    /// <param name="identity">The enclave's report body.</param>
    /// <returns><see cref="Size"/> bytes.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="identity"/> is null.</exception>
    public static byte[] Of(ReportBody identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var target = new byte[Size];
        identity.MrEnclave.CopyTo(target);
        identity.Attributes.Write(target.AsSpan(32));
        target[48] = identity.CetAttributes;
        BinaryPrimitives.WriteUInt16LittleEndian(target.AsSpan(50), identity.ConfigSvn);
        BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(52), identity.MiscSelect);
        identity.ConfigId.Span.CopyTo(target.AsSpan(64, 64));
        return target;
    }
}
