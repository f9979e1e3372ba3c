using System.Globalization;
using System.Xml.Linq;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks libvirt's and QEMU's versions, and libvirt's cached capabilities, which decide which definitions it accepts.</summary>
internal static class LibvirtCheck
{
    private const string Refresh = "rm /var/cache/libvirt/qemu/capabilities/*.xml; systemctl restart libvirtd (or virtqemud)";

    public static IEnumerable<Finding> Run(HostRoot host, Outcome<LibvirtFacts> libvirt)
    {
        if (libvirt.Value is not { } facts)
        {
            var install = Packages.Install(host, "libvirt-daemon-system", "libvirt-daemon-kvm");
            yield return host.Exists("/run/libvirt/virtqemud-sock") && !host.Exists("/run/libvirt/libvirt-sock")
                ? new Finding(
                    "libvirt", FindingStatus.Failed, libvirt.Refusal!.Detail,
                    "libvirt's modular daemons run, and only virtproxyd offers all of them on one socket, as nova-compute needs it",
                    "systemctl enable --now virtproxyd.socket")
                : new Finding(
                    "libvirt", FindingStatus.Failed, libvirt.Refusal!.Detail, "it starts the guests",
                    $"{install}; systemctl enable --now libvirtd (or virtqemud.socket virtproxyd.socket); run this as root");
            yield break;
        }
        yield return facts.Library >= new Version(8, 10)
            ? new Finding("libvirt", FindingStatus.Ok, $"libvirt {facts.Library}")
            : new Finding(
                "libvirt", FindingStatus.Failed, $"libvirt {facts.Library}", "it knows EPC since 8.10.0",
                "update libvirt (on Ubuntu 22.04 from its cloud archive)");
        yield return facts.Hypervisor >= new Version(7, 0)
            ? new Finding("qemu", FindingStatus.Ok, $"QEMU {facts.Hypervisor}")
            : new Finding("qemu", FindingStatus.Failed, $"QEMU {facts.Hypervisor}", "it places EPC on nodes since 7.0", "update QEMU");
        yield return FindSgx(facts) is { } sgx ? CheckSections(host, sgx) : ExplainMissingSgx(host);
    }

    /// <summary>Whether libvirt believes that its QEMU can give EPC to guests.</summary>
    public static bool SeesEpc(LibvirtFacts facts) => FindSgx(facts) is not null;

    private static XElement? FindSgx(LibvirtFacts facts)
    {
        var sgx = DomainXml.Read(facts.Capabilities).Value?.Root?.Element("features")?.Element("sgx");
        return (string?)sgx?.Attribute("supported") == "yes" ? sgx : null;
    }

    private static Finding ExplainMissingSgx(HostRoot host) => host.FindOwner("/dev/sgx_vepc") is { IsDevice: true }
        ? new Finding(
            "libvirt-sgx", FindingStatus.Failed, "libvirt believes that this host cannot give EPC to guests",
            "the device is there; either QEMU could not open it when libvirt asked, or libvirt asked earlier and cached the answer",
            $"fix the permissions below, then: {Refresh}")
        : new Finding(
            "libvirt-sgx", FindingStatus.Failed, "libvirt believes that this host cannot give EPC to guests",
            "QEMU found no /dev/sgx_vepc", "fix the device above first");

    private static Finding CheckSections(HostRoot host, XElement sgx)
    {
        var cached = sgx.Elements("sections").Elements("section").Select(ReadKibibytes).ToList();
        if (cached.Count == 0)
        {
            return new Finding(
                "libvirt-sgx", FindingStatus.Failed, "libvirt knows SGX, but no EPC section",
                "it then defines no guest with EPC", $"update QEMU to 7.0 or later, then: {Refresh}");
        }
        var known = KernelEpc.ReadSections(host);
        var (expected, found) = (known.Sum(section => section.Kibibytes), cached.Sum());
        return known.Count > 0 && expected != found
            ? new Finding(
                "libvirt-sgx", FindingStatus.Warning,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"libvirt believes in {found / 1024} MiB of EPC, the kernel reports {expected / 1024} MiB"),
                "libvirt caches QEMU's first answer", Refresh)
            : new Finding("libvirt-sgx", FindingStatus.Ok, string.Create(
                CultureInfo.InvariantCulture, $"libvirt gives guests EPC of {string.Join(" + ", cached.Select(size => size / 1024))} MiB"));
    }

    private static long ReadKibibytes(XElement section) => DomainXml.TryReadKibibytes(
        (string?)section.Attribute("size"), (string?)section.Attribute("unit"), out var size) ? size : 0;
}
