using System.Globalization;
using Guardian.ComputeHost.Machine;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks the kernel: its drivers, devices, EPC sizes and KVM.</summary>
internal static class KernelCheck
{
    public static IEnumerable<Finding> Run(HostRoot host, bool guestVsock)
    {
        yield return CheckVersion(host.ReadText("/proc/sys/kernel/osrelease") ?? "");
        yield return CheckVirtualEpc(host);
        yield return host.Exists("/dev/sgx_enclave")
            ? new Finding("host-enclaves", FindingStatus.Ok, "the host runs enclaves too (/dev/sgx_enclave)")
            : new Finding(
                "host-enclaves", FindingStatus.Note, "there is no /dev/sgx_enclave",
                "a quoting service cannot run on the host; guests are not affected", "firmware: set SGX launch control to unlocked");
        yield return host.Exists("/dev/sgx_provision")
            ? new Finding(
                "provision", FindingStatus.Note, "/dev/sgx_provision is there",
                "guests can quote only if the operator lets them use the provisioning key, which identifies the processor",
                "node.yaml: sgx: provision_key: flavor (docs/how-to/quoting.md)")
            : new Finding("provision", FindingStatus.Note, "there is no /dev/sgx_provision", "no guest can make quotes without it");
        yield return CheckSizes(host);
        yield return host.Exists("/dev/kvm")
            ? new Finding("kvm", FindingStatus.Ok, "KVM is there")
            : new Finding(
                "kvm", FindingStatus.Failed, "there is no /dev/kvm",
                "guests see EPC only under hardware virtualisation", "firmware: enable VT-x; then: modprobe kvm_intel");
        if (host.ReadText("/sys/module/kvm_intel/parameters/sgx") is "N" or "0")
        {
            yield return new Finding(
                "kvm-sgx", FindingStatus.Failed, "KVM hides SGX from guests", "its parameter sgx is off",
                "remove 'options kvm_intel sgx=0' from /etc/modprobe.d, then: modprobe -r kvm_intel; modprobe kvm_intel");
        }
        if (guestVsock)
        {
            yield return CheckVsock(host);
        }
    }

    private static Finding CheckVsock(HostRoot host) => host.Exists("/dev/vhost-vsock")
        ? new Finding("vsock", FindingStatus.Ok, "guests reach the host over vsock (/dev/vhost-vsock)")
        : new Finding(
            "vsock", FindingStatus.Failed, "there is no /dev/vhost-vsock",
            "node.yaml gives guests with EPC a vsock device, and without it they do not start",
            "modprobe vhost_vsock; echo vhost_vsock > /etc/modules-load.d/guardian.conf");

    private static Finding CheckVersion(string release)
    {
        var numbers = release.Split('.', '-', '+')
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        var version = numbers.Count >= 2 ? new Version(numbers[0], numbers[1]) : new Version(0, 0);
        if (version < new Version(5, 13))
        {
            return new Finding(
                "kernel", FindingStatus.Failed, $"Linux {release}", "EPC for guests came with 5.13", "boot a kernel of 5.17 or later");
        }
        if (version < new Version(5, 17))
        {
            var why = version < new Version(5, 16)
                ? "before 5.16 a guest that restarts may find its EPC in disorder; before 5.17 the kernel reports no sizes"
                : "before 5.17 the kernel reports no EPC sizes";
            return new Finding("kernel", FindingStatus.Warning, $"Linux {release}", why, "boot a kernel of 5.17 or later");
        }
        return new Finding("kernel", FindingStatus.Ok, $"Linux {release}");
    }

    private static Finding CheckVirtualEpc(HostRoot host)
    {
        if (host.Exists("/dev/sgx_vepc"))
        {
            return host.FindOwner("/dev/sgx_vepc") is { IsDevice: false }
                ? new Finding(
                    "vepc", FindingStatus.Failed, "/dev/sgx_vepc is not a device",
                    "a plain file stands in for enclave memory, as in tests: nothing in it is protected",
                    "remove the file; the kernel makes the device")
                : new Finding("vepc", FindingStatus.Ok, "/dev/sgx_vepc is there");
        }
        return host.Exists("/dev/sgx/virt_epc") || host.Exists("/dev/sgx_virt_epc")
            ? new Finding(
                "vepc", FindingStatus.Failed, "EPC for guests comes from the old out-of-tree driver",
                "libvirt and QEMU 7.0 use only /dev/sgx_vepc of the mainline kernel",
                "remove the out-of-tree driver and boot a kernel of 5.13 or later")
            : new Finding("vepc", FindingStatus.Failed, "there is no /dev/sgx_vepc", "QEMU gets EPC for a guest from it", FindRemedy(host));
    }

    private static string FindRemedy(HostRoot host)
    {
        var release = host.ReadText("/proc/sys/kernel/osrelease");
        var configuration = host.ReadLines($"/boot/config-{release}").ToList();
        return configuration.Count > 1 && !configuration.Contains("CONFIG_X86_SGX_KVM=y")
            ? "boot a kernel with CONFIG_X86_SGX=y and CONFIG_X86_SGX_KVM=y; this one lacks them"
            : "find the cause with: dmesg | grep -i sgx; the firmware must enable SGX and VT-x, and the kernel needs CONFIG_X86_SGX_KVM=y";
    }

    private static Finding CheckSizes(HostRoot host)
    {
        var sections = KernelEpc.ReadSections(host);
        return sections.Count > 0
            ? new Finding("epc-nodes", FindingStatus.Ok, string.Join(", ", sections.Select(section => string.Create(
                CultureInfo.InvariantCulture, $"node {section.Node}: {section.Kibibytes / 1024} MiB of EPC"))))
            : new Finding(
                "epc-nodes", FindingStatus.Warning, "the kernel reports no EPC size per NUMA node", "sizes then come from node.yaml",
                "enable SGX first; a kernel before 5.17 never reports sizes: list sgx: sections: in node.yaml");
    }
}
