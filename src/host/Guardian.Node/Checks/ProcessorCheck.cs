using System.Globalization;
using Guardian.Sgx.Cpu;

namespace Guardian.Node.Checks;

/// <summary>The processor and what firmware made of it.</summary>
internal static class ProcessorCheck
{
    private const uint FeatureControl = 0x3A;
    private const string BiosMenu = "firmware: Advanced > Processor: enable Total Memory Encryption, then SGX (software guard extensions), and give PRMRR (EPC) a size";

    public static IEnumerable<Finding> Run(HostRoot host)
    {
        var features = SgxFeatures.Read(host.CpuId);
        var (family, model, stepping) = features.Signature;
        var name = host.Lines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unnamed";
        yield return new Finding("cpu", FindingStatus.Note, string.Create(CultureInfo.InvariantCulture, $"{name} (family {family}, model {model}, stepping {stepping})"));
        if (features.IsVirtual)
        {
            yield return new Finding("cpu-virtual", FindingStatus.Warning, "this machine is itself virtual", "its hypervisor decides what of SGX is seen here, and guests inside guests have no EPC", "check the physical host");
        }
        yield return features switch
        {
            { IsIntel: false } => new Finding("cpu-sgx", FindingStatus.Failed, "the processor is not Intel's", "SGX exists on Intel processors alone", "use a host with an Intel Xeon of the third generation or later, or Xeon E"),
            { Sgx: false } => new Finding("cpu-sgx", FindingStatus.Failed, "CPUID shows no SGX (leaf 7, EBX bit 2)", "the processor has none, or firmware hides it", features.IsVirtual ? "enable SGX for this virtual machine on its host" : BiosMenu),
            _ => new Finding("cpu-sgx", FindingStatus.Ok, "the processor has SGX"),
        };
        if (!features.Sgx)
        {
            yield break;
        }
        yield return features.Sgx1
            ? new Finding("cpu-sgx1", FindingStatus.Ok, features.Sgx2 ? "SGX1 and SGX2 are enabled" : "SGX1 is enabled; SGX2 is not there")
            : new Finding("cpu-sgx1", FindingStatus.Failed, "firmware has not enabled SGX (leaf 12H, EAX bit 0)", "no enclave instruction works", BiosMenu);
        yield return features.LaunchControl
            ? new Finding("cpu-flc", FindingStatus.Ok, "flexible launch control is there")
            : new Finding("cpu-flc", FindingStatus.Failed, "flexible launch control is not there", "Linux runs no enclave of its own without it, and guests only such that Intel has signed for launch", "firmware: set SGX launch control to unlocked, or intel's to flexible");
        yield return CheckFeatureControl(host.Msr(FeatureControl));
        if (features.Sections.Count == 0)
        {
            yield return new Finding("epc", FindingStatus.Failed, "the processor lists no EPC section (leaf 12H)", "enclaves have no memory to live in", BiosMenu);
            yield break;
        }
        yield return new Finding("epc", FindingStatus.Ok, $"EPC of {string.Join(" + ", features.Sections.Select(section => Size(section.Size)))}");
        if (features.Sections.Count > 1)
        {
            yield return new Finding(
                "epc-packages", FindingStatus.Note, $"{features.Sections.Count} sections",
                "on a machine of several sockets a quote verifies only when its processors were registered together",
                "firmware: enable SGX Auto MP Registration, then run Intel's mpa_manage once");
        }
    }

    // Intel SDM, volume 4, IA32_FEATURE_CONTROL: 0 lock | 17 launch control enable | 18 SGX global enable
    private static Finding CheckFeatureControl(ulong? value) => value is not { } bits
        ? new Finding("bios-lock", FindingStatus.Unknown, "the register in which firmware enables SGX could not be read", "only it tells firmware's settings for sure", "run as root after: modprobe msr")
        : (bits & 1) == 0 ? new Finding("bios-lock", FindingStatus.Warning, "firmware has not locked its settings", "the kernel locks them with SGX as it finds it", "update the firmware")
        : (bits >> 18 & 1) == 0 ? new Finding("bios-lock", FindingStatus.Failed, "firmware has locked SGX off", "nothing but firmware can change it", BiosMenu)
        : (bits >> 17 & 1) == 0 ? new Finding("bios-lock", FindingStatus.Warning, "firmware has locked launch control", "the kernel then offers EPC to guests, but runs no enclave on the host, such as one for quotes", "firmware: set SGX launch control to unlocked")
        : new Finding("bios-lock", FindingStatus.Ok, "firmware enables SGX with launch control");

    private static string Size(ulong bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024 * 1024)} MiB");
}
