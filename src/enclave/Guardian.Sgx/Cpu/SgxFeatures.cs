namespace Guardian.Sgx.Cpu;

/// <summary>The registers of an answer of CPUID.</summary>
/// <param name="Eax">EAX.</param>
/// <param name="Ebx">EBX.</param>
/// <param name="Ecx">ECX.</param>
/// <param name="Edx">EDX.</param>
public readonly record struct CpuIdRegisters(uint Eax, uint Ebx, uint Ecx, uint Edx);

/// <summary>Executes CPUID, or reads a recorded answer.</summary>
/// <param name="leaf">EAX.</param>
/// <param name="subleaf">ECX.</param>
/// <returns>The answer.</returns>
public delegate CpuIdRegisters CpuIdReader(uint leaf, uint subleaf);

/// <summary>One section of enclave memory, as CPUID leaf 12H lists it.</summary>
/// <param name="Base">Physical address, bytes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="HasIntegrity">Confidentiality and integrity (property 1); false is confidentiality alone, as on machines of several
/// sockets.</param>
public readonly record struct EpcSectionInfo(ulong Base, ulong Size, bool HasIntegrity);

/// <summary>A processor's SGX features (Intel SDM, volume 3D, 38.7.2, and volume 2A, CPUID). Immutable.</summary>
public sealed record SgxFeatures
{
    private const uint FeatureLeaf = 7;
    private const uint SgxLeaf = 0x12;
    private const uint FirstSection = 2;

    // The processor ends the list; Linux reads at most eight sections.
    private const uint MaxSections = 64;

    private const uint TypeEpc = 1;

    /// <summary>Whether the processor is Intel's.</summary>
    public required bool IsIntel { get; init; }

    /// <summary>Whether a hypervisor is present, which then chooses the other values.</summary>
    public required bool IsVirtual { get; init; }

    /// <summary>Whether the processor has SGX. Firmware may have it disabled: see <see cref="Sgx1"/>.</summary>
    public required bool Sgx { get; init; }

    /// <summary>Whether the processor has flexible launch control.</summary>
    public required bool LaunchControl { get; init; }

    /// <summary>Whether the instructions of SGX1 work; false when firmware has not enabled SGX.</summary>
    public required bool Sgx1 { get; init; }

    /// <summary>Whether the instructions of SGX2 work: enclaves may add and remove pages while they run.</summary>
    public required bool Sgx2 { get; init; }

    /// <summary>Whether enclaves may use the provisioning key, which quoting needs.</summary>
    public required bool ProvisionKey { get; init; }

    /// <summary>The sections of enclave memory, in the processor's order.</summary>
    public required IReadOnlyList<EpcSectionInfo> Sections { get; init; }

    /// <summary>Family, model and stepping, as the kernel counts them.</summary>
    public required (uint Family, uint Model, uint Stepping) Signature { get; init; }

    /// <summary>Reads a processor's features.</summary>
    /// <param name="cpuId">Executes CPUID.</param>
    /// <returns>The features. Never throws for any answer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="cpuId"/> is null.</exception>
    public static SgxFeatures Read(CpuIdReader cpuId)
    {
        ArgumentNullException.ThrowIfNull(cpuId);
        var vendor = cpuId(0, 0);
        var version = cpuId(1, 0);
        var features = vendor.Eax >= FeatureLeaf ? cpuId(FeatureLeaf, 0) : default;
        var hasSgx = Bit(features.Ebx, 2);
        var isListed = hasSgx && vendor.Eax >= SgxLeaf;
        var capabilities = isListed ? cpuId(SgxLeaf, 0) : default;
        var attributes = isListed ? cpuId(SgxLeaf, 1) : default;
        return new SgxFeatures
        {
            // "GenuineIntel" in EBX, EDX, ECX
            IsIntel = (vendor.Ebx, vendor.Edx, vendor.Ecx) == (0x756e_6547, 0x4965_6e69, 0x6c65_746e),
            IsVirtual = Bit(version.Ecx, 31),
            Sgx = hasSgx,
            LaunchControl = Bit(features.Ecx, 30),
            Sgx1 = Bit(capabilities.Eax, 0),
            Sgx2 = Bit(capabilities.Eax, 1),
            ProvisionKey = Bit(attributes.Eax, 4),
            Sections = isListed ? ReadSections(cpuId) : [],
            Signature = ReadSignature(version.Eax),
        };
    }

    // Sub-leaf n >= 2: EAX[3:0] type (0 ends, 1 EPC) | EAX[31:12] base[31:12] | EBX[19:0] base[51:32]
    //   ECX[3:0] properties | ECX[31:12] size[31:12] | EDX[19:0] size[51:32]
    private static List<EpcSectionInfo> ReadSections(CpuIdReader cpuId)
    {
        var sections = new List<EpcSectionInfo>();
        for (var subleaf = FirstSection; subleaf < FirstSection + MaxSections; subleaf++)
        {
            var section = cpuId(SgxLeaf, subleaf);
            if ((section.Eax & 0xF) != TypeEpc)
            {
                break;
            }
            sections.Add(new EpcSectionInfo(Join(section.Eax, section.Ebx), Join(section.Ecx, section.Edx), (section.Ecx & 0xF) == 1));
        }
        return sections;
    }

    private static (uint Family, uint Model, uint Stepping) ReadSignature(uint eax)
    {
        var family = (eax >> 8) & 0xF;
        var model = (eax >> 4) & 0xF;
        var isExtended = family is 6 or 0xF;
        return (
            family == 0xF ? family + ((eax >> 20) & 0xFF) : family, isExtended ? model | ((eax >> 12) & 0xF0) : model, eax & 0xF);
    }

    private static ulong Join(uint low, uint high) => (low & 0xFFFF_F000) | ((ulong)(high & 0xF_FFFF) << 32);

    private static bool Bit(uint register, int bit) => (register >> bit & 1) != 0;
}
