namespace Guardian.Sgx.Cpu;

/// <summary>The registers that CPUID answers with.</summary>
public readonly record struct CpuIdRegisters(uint Eax, uint Ebx, uint Ecx, uint Edx);

/// <summary>Executes CPUID, or reads what it once answered.</summary>
public delegate CpuIdRegisters CpuIdReader(uint leaf, uint subleaf);

/// <summary>One section of enclave memory, as CPUID leaf 12H lists it.</summary>
/// <param name="Base">Physical address, bytes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="HasIntegrity">Confidentiality and integrity (property 1); else confidentiality alone, as on machines of several
/// sockets.</param>
public readonly record struct EpcSectionInfo(ulong Base, ulong Size, bool HasIntegrity);

/// <summary>What a processor says of SGX (Intel SDM, volume 3D, 38.7.2, and volume 2A, CPUID). Immutable.</summary>
public sealed record SgxFeatures
{
    private const uint FeatureLeaf = 7;
    private const uint SgxLeaf = 0x12;
    private const uint FirstSection = 2;

    // A processor ends the list itself; Linux reads no more than eight.
    private const uint MaxSections = 64;

    private const uint TypeEpc = 1;

    /// <summary>Whether the processor is Intel's.</summary>
    public required bool IsIntel { get; init; }

    /// <summary>Whether a hypervisor lies between: then the rest is what it chose to show.</summary>
    public required bool IsVirtual { get; init; }

    /// <summary>SGX is there. Firmware may still have it off: see <see cref="Sgx1"/>.</summary>
    public required bool Sgx { get; init; }

    /// <summary>Flexible launch control.</summary>
    public required bool LaunchControl { get; init; }

    /// <summary>The instructions of SGX1 work; not so when firmware has not enabled SGX.</summary>
    public required bool Sgx1 { get; init; }

    /// <summary>SGX2: enclaves may add and remove pages while they run.</summary>
    public required bool Sgx2 { get; init; }

    /// <summary>Enclaves may use the provisioning key, which quoting needs.</summary>
    public required bool ProvisionKey { get; init; }

    /// <summary>The sections of enclave memory, in the processor's order.</summary>
    public required IReadOnlyList<EpcSectionInfo> Sections { get; init; }

    /// <summary>Family, model and stepping, as the kernel counts them.</summary>
    public required (uint Family, uint Model, uint Stepping) Signature { get; init; }

    /// <summary>Reads what a processor says. Never throws for any answer.</summary>
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
        return (
            family == 0xF ? family + ((eax >> 20) & 0xFF) : family, family is 6 or 0xF ? model | ((eax >> 12) & 0xF0) : model, eax & 0xF);
    }

    private static ulong Join(uint low, uint high) => (low & 0xFFFF_F000) | ((ulong)(high & 0xF_FFFF) << 32);

    private static bool Bit(uint register, int bit) => (register >> bit & 1) != 0;
}
