using System.Globalization;
using Guardian.ComputeHost.Machine;
using Guardian.Sgx.Cpu;

namespace Guardian.ComputeHost.Checks;

/// <summary>Examines, from inside a virtual machine, everything that an enclave needs.</summary>
public static class GuestCheck
{
    private const long PageSize = 4096;
    private const long Mebibyte = 1024 * 1024;
    private const string AesmPackages = "sgx-aesm-service libsgx-aesm-quote-ex-plugin libsgx-dcap-default-qpl";

    // The out-of-tree drivers, mainline's predecessors.
    private static readonly string[] OldDevices = ["/dev/isgx", "/dev/sgx/enclave", "/dev/sgx"];
    private static readonly string[] OldModules = ["isgx", "intel_sgx"];

    /// <summary>Runs all checks of a virtual machine.</summary>
    public static CheckReport Run(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new CheckReport([
            .. CheckProcessor(SgxFeatures.Read(host.ReadCpuId)),
            .. CheckSizes(host),
            .. CheckDevices(host),
            .. ListOldDriverCounters(host),
            .. CheckQuoting(host),
        ]);
    }

    private static IEnumerable<Finding> CheckProcessor(SgxFeatures features)
    {
        if (!features.Sgx)
        {
            yield return new Finding(
                "cpu-sgx", FindingStatus.Failed, "the processor shows no SGX",
                "this machine's flavor has no EPC, or the machine was started before the flavor had it",
                "use a flavor with EPC; if the flavor has it, ask the operator for a hard reboot");
            yield break;
        }
        yield return features.Sgx1
            ? new Finding("cpu-sgx", FindingStatus.Ok, features.Sgx2 ? "SGX1 and SGX2" : "SGX1")
            : new Finding(
                "cpu-sgx", FindingStatus.Failed, "the machine's firmware has not enabled SGX", "no enclave instruction works",
                "use firmware that programs IA32_FEATURE_CONTROL: SeaBIOS 1.10 or OVMF of 2017 or later");
        yield return features.LaunchControl
            ? new Finding("cpu-flc", FindingStatus.Ok, "flexible launch control")
            : new Finding(
                "cpu-flc", FindingStatus.Failed, "no flexible launch control",
                "Linux's own driver needs it", "ask the operator for a host that has it");
        var (count, size) = (features.Sections.Count, features.Sections.Sum(section => (long)section.Size) / Mebibyte);
        yield return count > 0
            ? new Finding("epc", FindingStatus.Ok, string.Create(
                CultureInfo.InvariantCulture, $"{size} MiB of EPC in {count} {(count == 1 ? "section" : "sections")}"))
            : new Finding(
                "epc", FindingStatus.Failed, "SGX without EPC",
                "enclaves have no memory to live in", "use a flavor with EPC; ask the operator to run guardian vm verify");
        yield return features.ProvisionKey
            ? new Finding("provision-key", FindingStatus.Ok, "the provisioning key may be used: this machine can make its own quotes")
            : new Finding(
                "provision-key", FindingStatus.Note, "the provisioning key may not be used",
                "this machine's own quoting enclave cannot work without it",
                "ask the operator for it, or for a quoting service on the host");
    }

    private static IEnumerable<Finding> CheckSizes(HostRoot host)
    {
        if (KernelEpc.ReadSections(host) is { Count: > 0 } sections)
        {
            yield return new Finding("epc-kernel", FindingStatus.Ok, string.Create(
                CultureInfo.InvariantCulture, $"the kernel manages {sections.Sum(section => section.Kibibytes) / 1024} MiB of EPC"));
        }
    }

    private static IEnumerable<Finding> CheckDevices(HostRoot host)
    {
        if (host.Exists("/dev/sgx_enclave"))
        {
            yield return host.FindOwner("/dev/sgx_enclave") is { } owner && (owner.Mode & 0b110) != 0b110 && owner.Group == "root"
                ? new Finding(
                    "driver", FindingStatus.Warning, "only root may open /dev/sgx_enclave", "other users run no enclaves",
                    "groupadd -r sgx; chgrp sgx /dev/sgx_enclave; chmod 660 /dev/sgx_enclave; usermod -aG sgx USER")
                : new Finding("driver", FindingStatus.Ok, "/dev/sgx_enclave is there");
        }
        else if (OldDevices.FirstOrDefault(host.Exists) is { } old)
        {
            yield return new Finding(
                "driver", FindingStatus.Warning, $"the out-of-tree driver is in use ({old})",
                "it is no longer maintained", "boot a kernel of 5.11 or later, which has its own");
        }
        else
        {
            yield return new Finding(
                "driver", FindingStatus.Failed, "there is no /dev/sgx_enclave", "enclaves are made through it",
                "boot a kernel of 5.11 or later with CONFIG_X86_SGX=y, and see: dmesg | grep -i sgx");
        }
    }

    // Some builds of the out-of-tree driver export these counters, in pages of 4 KiB.
    private static IEnumerable<Finding> ListOldDriverCounters(HostRoot host)
    {
        foreach (var folder in OldModules.Select(module => $"/sys/module/{module}/parameters"))
        {
            foreach (var name in host.ListNames(folder).Where(name => name.StartsWith("sgx_", StringComparison.Ordinal)))
            {
                if (long.TryParse(host.ReadText($"{folder}/{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                {
                    var isPages = name.EndsWith("_pages", StringComparison.Ordinal) && value <= long.MaxValue / PageSize;
                    yield return new Finding(name, FindingStatus.Note, isPages
                        ? string.Create(CultureInfo.InvariantCulture, $"{name} = {value} ({value * PageSize / Mebibyte} MiB)")
                        : string.Create(CultureInfo.InvariantCulture, $"{name} = {value}"));
                }
            }
        }
    }

    private static IEnumerable<Finding> CheckQuoting(HostRoot host)
    {
        yield return host.Exists("/dev/sgx_provision")
            ? new Finding("provision", FindingStatus.Ok, "/dev/sgx_provision is there")
            : new Finding(
                "provision", FindingStatus.Note, "there is no /dev/sgx_provision", "quotes need it", "a kernel with the driver makes it");
        yield return host.Exists("/var/run/aesmd/aesm.socket") || host.Exists("/run/aesmd/aesm.socket")
            ? new Finding("aesm", FindingStatus.Ok, "Intel's AESM service runs")
            : new Finding(
                "aesm", FindingStatus.Note, "Intel's AESM service does not run",
                "programs that get quotes out of process, such as Gramine, ask it for them",
                Packages.Install(host, AesmPackages, AesmPackages) + "; from Intel's repository");
    }
}
