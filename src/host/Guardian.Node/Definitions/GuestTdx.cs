using System.Xml.Linq;
using Guardian.Libvirt.Domain;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Makes a guest a TDX guest (docs/formatdomain.html, Launch Security, since libvirt 11.6).</summary>
/// <remarks>
/// libvirt refuses a TDX guest with firmware in flash memory, with a system management mode, with performance counters, and with the
/// kernel's own I/O interrupt controller. QEMU wants the host's processor model. mrConfigId, mrOwner and mrOwnerConfig stay zero, as in
/// Nova 2026.2, unless the definition has them.
/// </remarks>
internal static class GuestTdx
{
    // Bit 28: the guest gets no exceptions for pages that the host has removed, as Linux demands it. Bit 0 would let the host debug it.
    private const string Policy = "0x10000000";

    // The socket of Intel's quote generation service, which is libvirt's default too.
    private const string QuotingSocket = "/var/run/tdx-qgs/qgs.socket";

    /// <summary>Writes TDX into a definition. Nothing changes in one that has it.</summary>
    /// <returns>Null when done, or <see cref="RelayReasons.CannotAddTdx"/>; then the definition may be changed in part.</returns>
    public static Refusal? Set(XElement domain)
    {
        if (FindObstacle(domain) is { } obstacle)
        {
            return RelayReasons.CannotAddTdx.Because(obstacle);
        }
        SetFirmware(domain.Element("os")!);
        SetFeatures(GetOrAdd(domain, "features"));
        SetProcessor(GetOrAdd(domain, "cpu"));
        SetLaunchSecurity(domain);
        return null;
    }

    private static string? FindObstacle(XElement domain)
    {
        var os = domain.Element("os");
        var loader = os?.Element("loader");
        var machine = (string?)os?.Element("type")?.Attribute("machine");
        return (string?)domain.Attribute("type") != "kvm" ? "TDX needs KVM"
            : LaunchSecurity.FindType(domain) is { } other and not LaunchSecurity.Tdx ? $"it has launch security of the type '{other}'"
            : EpcDevice.FindAll(domain).Any() ? "a TDX guest has no EPC"
            : machine != "q35" && machine?.StartsWith("pc-q35", StringComparison.Ordinal) != true
                ? $"TDX needs the machine type q35, and it has '{machine}'"
            : (string?)os!.Attribute("firmware") != "efi" && loader is null ? "TDX needs UEFI firmware"
            : (string?)loader?.Attribute("secure") == "yes" ? "TDX firmware has no secure boot"
            : BootsFromScsi(domain) ? "TDX firmware has no driver for the SCSI disk that it boots from"
            : null;
    }

    // Nova's first disk is the one with the system.
    private static bool BootsFromScsi(XElement domain) => (string?)domain.Elements("devices").Elements("disk")
        .FirstOrDefault(disk => (string?)disk.Attribute("device") is null or "disk")?.Element("target")?.Attribute("bus") == "scsi";

    // Nova names firmware in flash memory. Without a name, libvirt selects the firmware whose description names TDX.
    private static void SetFirmware(XElement os)
    {
        var others = os.Elements("loader").Where(loader => (string?)loader.Attribute("type") != "rom").ToList();
        if (others.Count > 0)
        {
            others.ForEach(loader => loader.Remove());
            SetAttribute(os, "firmware", "efi");
        }
        os.Elements("nvram").ToList().ForEach(file => file.Remove());
    }

    private static void SetFeatures(XElement features)
    {
        SetAttribute(GetOrAdd(features, "ioapic"), "driver", "qemu");
        SetAttribute(GetOrAdd(features, "pmu"), "state", "off");
        var management = GetOrAdd(features, "smm");
        management.Elements().ToList().ForEach(element => element.Remove());
        SetAttribute(management, "state", "off");
    }

    private static void SetProcessor(XElement cpu)
    {
        if ((string?)cpu.Attribute("mode") == "host-passthrough")
        {
            return;
        }
        SetAttribute(cpu, "mode", "host-passthrough");
        SetAttribute(cpu, "check", "none");
        cpu.Attribute("match")?.Remove();
        foreach (var element in cpu.Elements().Where(IsOfModel).ToList())
        {
            element.Remove();
        }
    }

    // Features that an operator hides from all guests stay hidden.
    private static bool IsOfModel(XElement element) =>
        element.Name == "model" || element.Name == "vendor"
        || (element.Name == "feature" && (string?)element.Attribute("policy") is not ("disable" or "forbid"));

    private static void SetLaunchSecurity(XElement domain)
    {
        var security = GetOrAdd(domain, "launchSecurity");
        SetAttribute(security, "type", LaunchSecurity.Tdx);
        var policy = GetOrAdd(security, "policy");
        if (policy.Value != Policy)
        {
            policy.Value = Policy;
        }
        var quoting = GetOrAdd(security, "quoteGenerationService");
        if (quoting.Attribute("path") is null)
        {
            quoting.SetAttributeValue("path", QuotingSocket);
        }
    }

    private static void SetAttribute(XElement element, string name, string value)
    {
        if ((string?)element.Attribute(name) != value)
        {
            element.SetAttributeValue(name, value);
        }
    }

    private static XElement GetOrAdd(XElement parent, string name)
    {
        if (parent.Element(name) is not { } child)
        {
            child = new XElement(name);
            parent.Add(child);
        }
        return child;
    }
}
