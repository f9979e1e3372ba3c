using System.Globalization;
using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Checks;

/// <summary>The kernel's part: drivers, devices, sizes and KVM.</summary>
public static class KernelCheck
{
    private const string Nodes = "/sys/devices/system/node";

    /// <summary>EPC by NUMA node, as kernels since 5.17 tell it; empty when they do not.</summary>
    public static IReadOnlyList<EpcSection> ReadSections(HostRoot host) =>
        [.. host.Names(Nodes)
            .Where(name => name.StartsWith("node", StringComparison.Ordinal) && int.TryParse(name.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(name => (Node: int.Parse(name.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture), Text: host.Text($"{Nodes}/{name}/x86/sgx_total_bytes")))
            .Where(node => long.TryParse(node.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0)
            .Select(node => new EpcSection(node.Node, long.Parse(node.Text!, CultureInfo.InvariantCulture) / 1024))
            .OrderBy(section => section.Node)];

    public static IEnumerable<Finding> Run(HostRoot host)
    {
        yield return CheckVersion(host.Text("/proc/sys/kernel/osrelease") ?? "");
        yield return host.Exists("/dev/sgx_vepc") ? CheckDevice(host)
            : host.Exists("/dev/sgx/virt_epc") || host.Exists("/dev/sgx_virt_epc")
                ? new Finding("vepc", FindingStatus.Failed, "EPC for guests comes from the old out-of-tree driver", "libvirt and QEMU 7.0 use /dev/sgx_vepc of the mainline kernel alone", "remove the out-of-tree driver and boot a kernel of 5.13 or later")
                : new Finding("vepc", FindingStatus.Failed, "there is no /dev/sgx_vepc", "it is where QEMU gets EPC for a guest", Explain(host));
        yield return host.Exists("/dev/sgx_enclave")
            ? new Finding("host-enclaves", FindingStatus.Ok, "the host runs enclaves too (/dev/sgx_enclave)")
            : new Finding("host-enclaves", FindingStatus.Note, "there is no /dev/sgx_enclave", "a quoting service cannot run on the host; guests are not concerned", "firmware: set SGX launch control to unlocked");
        yield return host.Exists("/dev/sgx_provision")
            ? new Finding("provision", FindingStatus.Note, "/dev/sgx_provision is there", "guests may quote only when the operator lets them use the provisioning key, which identifies the processor", "node.yaml: sgx: provision_key: true")
            : new Finding("provision", FindingStatus.Note, "there is no /dev/sgx_provision", "no guest can make quotes without it", null);
        var sections = ReadSections(host);
        yield return sections.Count > 0
            ? new Finding("epc-nodes", FindingStatus.Ok, string.Join(", ", sections.Select(section => string.Create(CultureInfo.InvariantCulture, $"node {section.Node}: {section.Kibibytes / 1024} MiB of EPC"))))
            : new Finding("epc-nodes", FindingStatus.Warning, "the kernel tells no EPC size per NUMA node", "sizes then come from node.yaml", "enable SGX first; a kernel before 5.17 never tells: list sgx: sections: in node.yaml");
        yield return host.Exists("/dev/kvm")
            ? new Finding("kvm", FindingStatus.Ok, "KVM is there")
            : new Finding("kvm", FindingStatus.Failed, "there is no /dev/kvm", "guests see EPC under hardware virtualisation alone", "firmware: enable VT-x; then: modprobe kvm_intel");
        if (host.Text("/sys/module/kvm_intel/parameters/sgx") is "N" or "0")
        {
            yield return new Finding("kvm-sgx", FindingStatus.Failed, "KVM keeps SGX from guests", "its parameter sgx is off", "remove 'options kvm_intel sgx=0' from /etc/modprobe.d, then: modprobe -r kvm_intel; modprobe kvm_intel");
        }
    }

    private static Finding CheckVersion(string release)
    {
        var numbers = release.Split('.', '-', '+').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        var version = numbers.Count >= 2 ? new Version(numbers[0], numbers[1]) : new Version(0, 0);
        return version < new Version(5, 13)
            ? new Finding("kernel", FindingStatus.Failed, $"Linux {release}", "EPC for guests came with 5.13", "boot a kernel of 5.17 or later")
            : version < new Version(5, 17)
                ? new Finding("kernel", FindingStatus.Warning, $"Linux {release}", version < new Version(5, 16) ? "before 5.16 a guest that restarts may find its EPC in disorder; before 5.17 the kernel tells no sizes" : "before 5.17 the kernel tells no EPC sizes", "boot a kernel of 5.17 or later")
                : new Finding("kernel", FindingStatus.Ok, $"Linux {release}");
    }

    private static Finding CheckDevice(HostRoot host) => host.Owner("/dev/sgx_vepc") is { IsDevice: false }
        ? new Finding("vepc", FindingStatus.Failed, "/dev/sgx_vepc is no device", "a plain file stands in for enclave memory, as tests do it: nothing in it is protected", "remove the file; the kernel makes the device")
        : new Finding("vepc", FindingStatus.Ok, "/dev/sgx_vepc is there");

    private static string Explain(HostRoot host)
    {
        var release = host.Text("/proc/sys/kernel/osrelease");
        var configuration = host.Lines($"/boot/config-{release}").ToList();
        return configuration.Count > 1 && !configuration.Contains("CONFIG_X86_SGX_KVM=y")
            ? "boot a kernel with CONFIG_X86_SGX=y and CONFIG_X86_SGX_KVM=y; this one lacks them"
            : "see why with: dmesg | grep -i sgx; SGX and VT-x must be enabled in firmware, and the kernel needs CONFIG_X86_SGX_KVM=y";
    }
}
