using System.Globalization;
using System.Runtime.Intrinsics.X86;

namespace Guardian.Node;

/// <summary>What the processor and the kernel say of the host's EPC.</summary>
internal static class HostSections
{
    private const int SgxLeaf = 0x12;
    private const long BytesPerMebibyte = 1024 * 1024;

    /// <summary>The MiB of each NUMA node's sections; empty where the kernel does not tell (before 5.17), or has none.</summary>
    /// <param name="root">sysfs.</param>
    public static IReadOnlyDictionary<int, long> Read(string root = "/sys")
    {
        var sections = new Dictionary<int, long>();
        var nodes = Path.Combine(root, "devices/system/node");
        foreach (var folder in Directory.Exists(nodes) ? Directory.GetDirectories(nodes, "node*") : [])
        {
            // Documentation/ABI/stable/sysfs-devices-node
            var file = Path.Combine(folder, "x86/sgx_total_bytes");
            if (int.TryParse(Path.GetFileName(folder).AsSpan("node".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var node) && File.Exists(file)
                && long.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size >= BytesPerMebibyte)
            {
                sections[node] = size / BytesPerMebibyte;
            }
        }
        return sections;
    }

    /// <summary>Flexible launch control: CPUID leaf 7, ECX bit 30.</summary>
    public static bool HasFlc() => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 30)) != 0;

    /// <summary>SGX2: CPUID leaf 12H, EAX bit 1; the leaf exists where leaf 7, EBX bit 2 says SGX.</summary>
    public static bool HasSgx2() => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= SgxLeaf && (X86Base.CpuId(7, 0).Ebx & (1 << 2)) != 0 && (X86Base.CpuId(SgxLeaf, 0).Eax & (1 << 1)) != 0;
}
