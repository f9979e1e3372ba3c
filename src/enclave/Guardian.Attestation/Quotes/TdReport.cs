using System.Buffers.Binary;

namespace Guardian.Attestation.Quotes;

/// <summary>
/// A trust domain's report as quotes carry it (Intel TDX DCAP Quoting Library API, "TD Quote Body"). Immutable. Equality compares the
/// memory that holds the bytes, not the bytes.
/// </summary>
/// <remarks>
/// <code>
///     0 TEE_TCB_SVN 16     16 MRSEAM 48        64 MRSIGNERSEAM 48   112 SEAMATTRIBUTES 8   120 TDATTRIBUTES 8   128 XFAM 8
///   136 MRTD 48           184 MRCONFIGID 48   232 MROWNER 48        280 MROWNERCONFIG 48   328 RTMR0 to RTMR3, 48 each    520 REPORTDATA
/// 64
///   584 TEE_TCB_SVN_2 16  600 MRSERVICETD 48                       only since TDX 1.5
/// </code>
/// </remarks>
public sealed record TdReport
{
    /// <summary>Bytes of the structure of TDX 1.0.</summary>
    public const int Size = 584;

    /// <summary>Bytes of the structure of TDX 1.5.</summary>
    public const int Size15 = 648;

    /// <summary>Bytes of the structure of TDX 1.5 with migration; the last 237 are not interpreted.</summary>
    public const int Size15Extended = 885;

    // Intel TDX Module ABI, "ATTRIBUTES".
    private const ulong SeptVeDisable = 1UL << 28;
    private const ulong Migratable = 1UL << 29;

    private readonly ReadOnlyMemory<byte> bytes;

    private TdReport(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    /// <summary>TEE_TCB_SVN, 16 bytes: the TDX module's version at launch, and the platform's components.</summary>
    public ReadOnlyMemory<byte> TeeTcbSvn => bytes[..16];

    /// <summary>MRSEAM, 48 bytes: the measurement of the TDX module.</summary>
    public ReadOnlyMemory<byte> MrSeam => bytes.Slice(16, 48);

    /// <summary>MRSIGNERSEAM, 48 bytes: zero for Intel's module.</summary>
    public ReadOnlyMemory<byte> MrSignerSeam => bytes.Slice(64, 48);

    /// <summary>SEAMATTRIBUTES, 8 bytes.</summary>
    public ReadOnlyMemory<byte> SeamAttributes => bytes.Slice(112, 8);

    /// <summary>TDATTRIBUTES, little-endian.</summary>
    public ulong TdAttributes => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[120..]);

    /// <summary>XFAM, little-endian.</summary>
    public ulong Xfam => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[128..]);

    /// <summary>MRTD, 48 bytes: the measurement of the TD's initial content.</summary>
    public ReadOnlyMemory<byte> MrTd => bytes.Slice(136, 48);

    /// <summary>MRCONFIGID, 48 bytes.</summary>
    public ReadOnlyMemory<byte> MrConfigId => bytes.Slice(184, 48);

    /// <summary>MROWNER, 48 bytes.</summary>
    public ReadOnlyMemory<byte> MrOwner => bytes.Slice(232, 48);

    /// <summary>MROWNERCONFIG, 48 bytes.</summary>
    public ReadOnlyMemory<byte> MrOwnerConfig => bytes.Slice(280, 48);

    /// <summary>REPORTDATA, 64 bytes that the TD chose.</summary>
    public ReadOnlyMemory<byte> ReportData => bytes.Slice(520, 64);

    /// <summary>TEE_TCB_SVN_2, 16 bytes: the current versions, after updates under the running TD. Null before TDX 1.5.</summary>
    public ReadOnlyMemory<byte>? TeeTcbSvn2 => bytes.Length >= Size15 ? bytes.Slice(584, 16) : default(ReadOnlyMemory<byte>?);

    /// <summary>MRSERVICETD, 48 bytes. Null before TDX 1.5.</summary>
    public ReadOnlyMemory<byte>? MrServiceTd => bytes.Length >= Size15 ? bytes.Slice(600, 48) : default(ReadOnlyMemory<byte>?);

    /// <summary>
    /// Whether the host may debug or profile the TD: any of the bits 0 to 7 of TDATTRIBUTES, which Intel calls "TD under debug".
    /// </summary>
    public bool IsDebug => (TdAttributes & 0xFF) != 0;

    /// <summary>
    /// Whether TDATTRIBUTES keep the host out, debugging aside: SEPT_VE_DISABLE is set, so that the host cannot inject a page fault where
    /// the guest does not expect one; MIGRATABLE is clear, so that no other trust domain may copy the memory.
    /// </summary>
    public bool IsClosed => (TdAttributes & (SeptVeDisable | Migratable)) == SeptVeDisable;

    /// <summary>Returns a runtime measurement.</summary>
    /// <param name="index">0 to 3.</param>
    /// <returns>48 bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not 0 to 3.</exception>
    public ReadOnlyMemory<byte> Rtmr(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, 3);
        return bytes.Slice(328 + (48 * index), 48);
    }

    /// <summary>Reads a report.</summary>
    /// <param name="bytes">The report; <see cref="Size"/>, <see cref="Size15"/> or <see cref="Size15Extended"/> bytes. They are not
    /// copied.</param>
    /// <returns>The report; null for another size.</returns>
    public static TdReport? TryRead(ReadOnlyMemory<byte> bytes) =>
        bytes.Length is Size or Size15 or Size15Extended ? new TdReport(bytes) : null;
}
