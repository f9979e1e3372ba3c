using System.Globalization;
using Guardian.ComputeHost.Machine;
using Guardian.Sgx.Cpu;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks the processor and the firmware's settings of it.</summary>
internal static class ProcessorCheck
{
    private const uint FeatureControl = 0x3A;
    private const string BiosMenu =
        "firmware: Advanced > Processor: enable Total Memory Encryption, then SGX (software guard extensions), and give PRMRR (EPC) a size";

    public static IEnumerable<Finding> Run(HostRoot host)
    {
        var features = SgxFeatures.Read(host.ReadCpuId);
        yield return DescribeProcessor(host, features);
        if (features.IsVirtual)
        {
            yield return new Finding(
                "cpu-virtual", FindingStatus.Warning, "this machine is itself virtual",
                "its hypervisor decides which parts of SGX it sees, and guests inside guests have no EPC", "check the physical host");
        }
        yield return features switch
        {
            { IsIntel: false } => new Finding(
                "cpu-sgx", FindingStatus.Failed, "the processor is not Intel's", "SGX exists only on Intel processors",
                "use a host with an Intel Xeon of the third generation or later, or Xeon E"),
            { Sgx: false } => new Finding(
                "cpu-sgx", FindingStatus.Failed, "CPUID shows no SGX (leaf 7, EBX bit 2)", "the processor has none, or firmware hides it",
                features.IsVirtual ? "enable SGX for this virtual machine on its host" : BiosMenu),
            _ => new Finding("cpu-sgx", FindingStatus.Ok, "the processor has SGX"),
        };
        if (!features.Sgx)
        {
            yield break;
        }
        yield return features.Sgx1
            ? new Finding(
                "cpu-sgx1", FindingStatus.Ok, features.Sgx2 ? "SGX1 and SGX2 are enabled" : "SGX1 is enabled; there is no SGX2")
            : new Finding(
                "cpu-sgx1", FindingStatus.Failed, "firmware has not enabled SGX (leaf 12H, EAX bit 0)",
                "no enclave instruction works", BiosMenu);
        yield return features.LaunchControl
            ? new Finding("cpu-flc", FindingStatus.Ok, "flexible launch control is there")
            : new Finding(
                "cpu-flc", FindingStatus.Failed, "there is no flexible launch control",
                "without it Linux runs no enclaves of its own, and guests run only enclaves that Intel has signed for launch",
                "firmware: set SGX launch control to unlocked, or intel's to flexible");
        yield return CheckFeatureControl(host.ReadMsr(FeatureControl));
        if (features.Sections.Count == 0)
        {
            yield return new Finding(
                "epc", FindingStatus.Failed, "the processor lists no EPC section (leaf 12H)",
                "enclaves have no memory to live in", BiosMenu);
            yield break;
        }
        yield return new Finding(
            "epc", FindingStatus.Ok, $"EPC of {string.Join(" + ", features.Sections.Select(section => FormatSize(section.Size)))}");
        if (features.Sections.Count > 1)
        {
            yield return new Finding(
                "epc-packages", FindingStatus.Note, $"{features.Sections.Count} sections",
                "on a machine of several sockets a quote verifies only if its processors were registered together",
                "firmware: enable SGX Auto MP Registration, then run Intel's mpa_manage once");
        }
    }

    private static Finding DescribeProcessor(HostRoot host, SgxFeatures features)
    {
        var (family, model, stepping) = features.Signature;
        var name = host.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unnamed";
        return new Finding("cpu", FindingStatus.Note, string.Create(
            CultureInfo.InvariantCulture, $"{name} (family {family}, model {model}, stepping {stepping})"));
    }

    // Intel SDM, volume 4, IA32_FEATURE_CONTROL: 0 lock | 17 launch control enable | 18 SGX global enable
    private static Finding CheckFeatureControl(ulong? value)
    {
        const string Id = "bios-lock";
        if (value is not { } bits)
        {
            return new Finding(
                Id, FindingStatus.Unknown, "the register in which firmware enables SGX could not be read",
                "no other source shows the firmware's settings for sure", "run as root after: modprobe msr");
        }
        if ((bits & 1) == 0)
        {
            return new Finding(
                Id, FindingStatus.Warning, "firmware has not locked its settings",
                "the kernel locks SGX as it finds it", "update the firmware");
        }
        if ((bits >> 18 & 1) == 0)
        {
            return new Finding(Id, FindingStatus.Failed, "firmware has locked SGX off", "only firmware can change it", BiosMenu);
        }
        return (bits >> 17 & 1) == 0
            ? new Finding(
                Id, FindingStatus.Warning, "firmware has locked launch control",
                "the kernel then offers EPC to guests, but runs no enclave on the host, such as a quoting enclave",
                "firmware: set SGX launch control to unlocked")
            : new Finding(Id, FindingStatus.Ok, "firmware enables SGX with launch control");
    }

    private static string FormatSize(ulong bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024 * 1024)} MiB");
}
