using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks whether the host can run TDX guests. A host without TDX is no worse for guests with EPC.</summary>
public static class TdxCheck
{
    private const string Id = "tdx";

    /// <summary>Counts the TDX guests that can run at a time: the kernel's number, if libvirt and QEMU know TDX; else 0.</summary>
    /// <param name="host">The host's files.</param>
    /// <param name="askLibvirt">Asks libvirt about itself; called only where the kernel has TDX.</param>
    public static int CountKeys(HostRoot host, Func<Outcome<LibvirtFacts>> askLibvirt)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(askLibvirt);
        return KernelTdx.IsEnabled(host) && askLibvirt().Value is { } facts && SeesTdx(facts) ? KernelTdx.ReadKeys(host) : 0;
    }

    /// <summary>Runs the check.</summary>
    /// <param name="host">The host's files.</param>
    /// <param name="libvirt">libvirt's answers; null when there are none.</param>
    internal static Finding Run(HostRoot host, LibvirtFacts? libvirt)
    {
        if (!KernelTdx.IsEnabled(host))
        {
            return new Finding(
                Id, FindingStatus.Note, "the host runs no TDX guests",
                "they need a processor with TDX, firmware that enables it, Linux 6.16, and KVM's parameter tdx",
                "firmware: enable TDX; then: options kvm_intel tdx=1 in /etc/modprobe.d, and a restart");
        }
        if (libvirt is null || !SeesTdx(libvirt))
        {
            return new Finding(
                Id, FindingStatus.Warning, "the kernel can run TDX guests, libvirt cannot",
                "TDX needs libvirt 11.6 and QEMU 10.1, and libvirt caches QEMU's first answer",
                "update libvirt and QEMU, then: rm /var/cache/libvirt/qemu/capabilities/*.xml; systemctl restart libvirtd (or virtqemud)");
        }
        return KernelTdx.ReadKeys(host) is var keys and > 0
            ? new Finding(Id, FindingStatus.Ok, $"the host runs {keys} TDX guests at a time")
            : new Finding(
                Id, FindingStatus.Warning, "the kernel does not say how many TDX guests can run at a time",
                "the daemon then publishes no TDX keys", "mount cgroup v2 with the controller misc (/sys/fs/cgroup/misc.capacity)");
    }

    private static bool SeesTdx(LibvirtFacts facts) => (string?)DomainXml.Read(facts.Capabilities).Value?.Root?
        .Element("features")?.Element("tdx")?.Attribute("supported") == "yes";
}
