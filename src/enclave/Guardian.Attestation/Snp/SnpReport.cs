using System.Buffers.Binary;
using System.Globalization;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Snp;

/// <summary>The keys of a platform that sign reports.</summary>
public enum SnpSigner
{
    /// <summary>The versioned chip endorsement key, which AMD certifies for one chip.</summary>
    Vcek = 0,

    /// <summary>The versioned loaded endorsement key, which AMD certifies for a cloud provider.</summary>
    Vlek = 1,
}

/// <summary>An attestation report of AMD SEV-SNP (56860, ATTESTATION_REPORT), read and not verified. Immutable.</summary>
public sealed class SnpReport
{
    /// <summary>Size of every report, in bytes.</summary>
    public const int Size = 0x4A0;

    /// <summary>Size of the signed part, in bytes.</summary>
    internal const int SignedSize = 0x2A0;

    private const int FirstVersion = 2;
    private const int LastVersion = 5;
    private const uint EcdsaP384Sha384 = 1;
    private const byte TurinFamily = 0x1A;
    private const ulong MigrationAgent = 1UL << 18;
    private const ulong Debug = 1UL << 19;

    private readonly ReadOnlyMemory<byte> bytes;

    private SnpReport(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    // ATTESTATION_REPORT, little-endian:
    //   0x000 VERSION 4 | 0x004 GUEST_SVN 4 | 0x008 POLICY 8 | 0x010 FAMILY_ID 16 | 0x020 IMAGE_ID 16 | 0x030 VMPL 4
    //   0x034 SIGNATURE_ALGO 4 | 0x038 CURRENT_TCB 8 | 0x040 PLATFORM_INFO 8 | 0x048 flags 4, bits 4:2 SIGNING_KEY
    //   0x050 REPORT_DATA 64 | 0x090 MEASUREMENT 48 | 0x0C0 HOST_DATA 32 | 0x0E0 ID_KEY_DIGEST 48 | 0x110 AUTHOR_KEY_DIGEST 48
    //   0x140 REPORT_ID 32 | 0x160 REPORT_ID_MA 32 | 0x180 REPORTED_TCB 8 | 0x188 CPUID family, model, stepping (version 3 on)
    //   0x1A0 CHIP_ID 64 | 0x1E0 COMMITTED_TCB 8 | 0x1F0 LAUNCH_TCB 8 | 0x2A0 SIGNATURE: R 72, S 72, zeros

    /// <summary>VERSION, 2 to 5.</summary>
    public int Version => (int)Word(0x00);

    /// <summary>GUEST_SVN: the guest's own security version, from its ID block.</summary>
    public uint GuestSvn => Word(0x04);

    /// <summary>POLICY: what the guest's owner demanded at launch, as the firmware enforced it.</summary>
    public ulong GuestPolicy => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[0x08..]);

    /// <summary>Whether the policy lets the host debug the guest, and so read its memory.</summary>
    public bool IsDebug => (GuestPolicy & Debug) != 0;

    /// <summary>Whether the policy lets a migration agent copy the guest.</summary>
    public bool MayMigrate => (GuestPolicy & MigrationAgent) != 0;

    /// <summary>VMPL: the privilege level that asked for the report; 0 is the highest.</summary>
    public uint Vmpl => Word(0x30);

    /// <summary>PLATFORM_INFO: SMT, memory encryption and other settings of the platform.</summary>
    public ulong PlatformInfo => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[0x40..]);

    /// <summary>The key that signed the report.</summary>
    public SnpSigner Signer => (SnpSigner)((Word(0x48) >> 2) & 7);

    /// <summary>REPORT_DATA, 64 bytes: what the guest asked to have signed.</summary>
    public ReadOnlyMemory<byte> ReportData => bytes.Slice(0x50, 64);

    /// <summary>MEASUREMENT, 48 bytes: the guest's memory at launch.</summary>
    public ReadOnlyMemory<byte> Measurement => bytes.Slice(0x90, 48);

    /// <summary>HOST_DATA, 32 bytes: what the host gave at launch.</summary>
    public ReadOnlyMemory<byte> HostData => bytes.Slice(0xC0, 32);

    /// <summary>ID_KEY_DIGEST, 48 bytes: SHA-384 of the key that signed the guest's ID block; zeros without one.</summary>
    public ReadOnlyMemory<byte> IdKeyDigest => bytes.Slice(0xE0, 48);

    /// <summary>AUTHOR_KEY_DIGEST, 48 bytes: SHA-384 of the key that signed the ID key; zeros without one.</summary>
    public ReadOnlyMemory<byte> AuthorKeyDigest => bytes.Slice(0x110, 48);

    /// <summary>CHIP_ID, 64 bytes: of the chip that signed; zeros if the platform hides it, or if a VLEK signed.</summary>
    public ReadOnlyMemory<byte> ChipId => bytes.Slice(0x1A0, 64);

    /// <summary>REPORTED_TCB: the versions from which the signing key is derived.</summary>
    internal ReadOnlySpan<byte> ReportedTcb => bytes.Span.Slice(0x180, 8);

    /// <summary>Whether the processor's family has Turin's order of versions; null if the report does not name the family.</summary>
    internal bool? IsTurin => Version < 3 ? null : bytes.Span[0x188] >= TurinFamily;

    /// <summary>The product's name at AMD's service, by family and model; null if the report does not name them.</summary>
    internal string? FindProduct() => (Version < 3 ? 0 : bytes.Span[0x188], bytes.Span[0x189] >> 4) switch
    {
        (0x19, 0x0) => "Milan",
        (0x19, 0x1 or 0xA) => "Genoa",
        (TurinFamily, 0x0 or 0x1) => "Turin",
        _ => null,
    };

    internal ReadOnlySpan<byte> Signed => bytes.Span[..SignedSize];

    internal ReadOnlySpan<byte> Signature => bytes.Span[SignedSize..];

    /// <summary>Whether bytes seem to be a report: it has no magic number, but its size, version and algorithm are fixed.</summary>
    internal static bool LooksLike(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Size
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) is >= 1 and <= 16
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[0x30..]) <= 3;

    /// <summary>Whether bytes of another size begin like a report: with a version and the signature algorithm.</summary>
    internal static bool BeginsLike(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 0x38
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) is >= FirstVersion and <= LastVersion
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[0x34..]) == EcdsaP384Sha384;

    /// <summary>Reads a report.</summary>
    /// <param name="bytes">The report exactly as received: <see cref="Size"/> bytes.</param>
    /// <returns>The report, or a refusal. Never throws for any content.</returns>
    public static Outcome<SnpReport> TryParse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            return Malformed($"it has {bytes.Length} bytes, not {Size}");
        }
        var report = new SnpReport(bytes);
        return report.Word(0x00) is < FirstVersion or > LastVersion
                ? Malformed(string.Create(
                    CultureInfo.InvariantCulture,
                    $"its version is {report.Word(0x00)}; versions {FirstVersion} to {LastVersion} are known"))
            : report.Word(0x34) != EcdsaP384Sha384
                ? Malformed(string.Create(
                    CultureInfo.InvariantCulture, $"its signature algorithm is {report.Word(0x34)}, not 1 (ECDSA P-384 with SHA-384)"))
            : report.Signer is not (SnpSigner.Vcek or SnpSigner.Vlek)
                ? Malformed("neither a VCEK nor a VLEK signed it")
            : report.Vmpl > 3
                ? Malformed(string.Create(CultureInfo.InvariantCulture, $"its VMPL is {report.Vmpl}, and there are 0 to 3"))
            : report;
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[offset..]);

    private static Refusal Malformed(string problem) =>
        QuoteReasons.BadSnpReport.At(QuoteStage.Parse, $"the report of SEV-SNP cannot be used: {problem}");
}
