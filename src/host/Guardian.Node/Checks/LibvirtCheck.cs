using System.Globalization;
using System.Xml.Linq;
using Guardian.Node.Libvirt;
using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Checks;

/// <summary>What libvirt says of itself.</summary>
/// <param name="Capabilities">The domain capabilities of KVM guests, or of emulated ones where there is no KVM.</param>
public sealed record LibvirtFacts(Version Library, Version Hypervisor, string Capabilities)
{
    /// <summary>Asks a daemon.</summary>
    /// <exception cref="LibvirtException">It does not answer.</exception>
    public static LibvirtFacts Ask(string socket)
    {
        using var client = LibvirtClient.Connect(socket, "qemu:///system", TimeSpan.FromSeconds(30));
        string capabilities;
        try
        {
            capabilities = client.GetDomainCapabilities("kvm");
        }
        catch (LibvirtException failure) when (failure.Failure == LibvirtFailure.Refused)
        {
            capabilities = client.GetDomainCapabilities("qemu");
        }
        return new LibvirtFacts(client.GetLibraryVersion(), client.GetHypervisorVersion(), capabilities);
    }
}

/// <summary>Versions, and what libvirt believes: it refuses to define what it does not believe.</summary>
internal static class LibvirtCheck
{
    private const string Refresh = "rm /var/cache/libvirt/qemu/capabilities/*.xml; systemctl restart libvirtd (or virtqemud)";

    /// <param name="facts">Null when the daemon does not answer.</param>
    /// <param name="problem">Why it does not.</param>
    public static IEnumerable<Finding> Run(HostRoot host, LibvirtFacts? facts, string? problem)
    {
        if (facts is null)
        {
            yield return new Finding("libvirt", FindingStatus.Failed, problem ?? "libvirt does not answer", "it starts the guests", "apt-get install libvirt-daemon-system; systemctl start libvirtd; run this as root");
            yield break;
        }
        yield return facts.Library >= new Version(8, 10)
            ? new Finding("libvirt", FindingStatus.Ok, $"libvirt {facts.Library}")
            : new Finding("libvirt", FindingStatus.Failed, $"libvirt {facts.Library}", "it knows EPC since 8.10.0", "update libvirt (on Ubuntu 22.04 from its cloud archive)");
        yield return facts.Hypervisor >= new Version(7, 0)
            ? new Finding("qemu", FindingStatus.Ok, $"QEMU {facts.Hypervisor}")
            : new Finding("qemu", FindingStatus.Failed, $"QEMU {facts.Hypervisor}", "it places EPC on nodes since 7.0", "update QEMU");
        var sgx = DomainXml.TryRead(facts.Capabilities, out _)?.Root?.Element("features")?.Element("sgx");
        if ((string?)sgx?.Attribute("supported") == "yes")
        {
            yield return CheckSections(host, sgx!);
            yield break;
        }
        var isThere = host.Owner("/dev/sgx_vepc") is { IsDevice: true };
        yield return new Finding(
            "libvirt-sgx", FindingStatus.Failed, "libvirt believes that this host cannot give EPC to guests",
            isThere ? "the device is there, so QEMU could not open it when libvirt asked, or libvirt asked before it was there and kept the answer" : "QEMU found no /dev/sgx_vepc",
            isThere ? $"mend the permissions below, then: {Refresh}" : "mend the device above first");
    }

    private static Finding CheckSections(HostRoot host, XElement sgx)
    {
        var believed = sgx.Elements("sections").Elements("section").Select(section => DomainXml.TryReadKibibytes((string?)section.Attribute("size"), (string?)section.Attribute("unit"), out var size) ? size : 0).ToList();
        var known = KernelCheck.ReadSections(host);
        return believed.Count == 0
            ? new Finding("libvirt-sgx", FindingStatus.Failed, "libvirt knows of SGX, but of no EPC section", "it defines no guest with EPC then", $"update QEMU to 7.0 or later, then: {Refresh}")
            : known.Count > 0 && known.Sum(section => section.Kibibytes) != believed.Sum()
                ? new Finding("libvirt-sgx", FindingStatus.Warning, string.Create(CultureInfo.InvariantCulture, $"libvirt believes in {believed.Sum() / 1024} MiB of EPC, the kernel tells {known.Sum(section => section.Kibibytes) / 1024} MiB"), "libvirt keeps what QEMU told it once", Refresh)
                : new Finding("libvirt-sgx", FindingStatus.Ok, string.Create(CultureInfo.InvariantCulture, $"libvirt gives guests EPC of {string.Join(" + ", believed.Select(size => size / 1024))} MiB"));
    }
}
