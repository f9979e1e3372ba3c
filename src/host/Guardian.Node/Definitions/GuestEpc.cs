using System.Globalization;
using System.Xml.Linq;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Writes EPC into a guest's definition.</summary>
/// <remarks>
/// libvirt expects the definition to contain everything: the devices, a maximum of memory with enough slots, a NUMA cell for the devices,
/// and a total that counts them (docs/formatdomain.html, memory devices). Before 11.3 libvirt adds none of this itself.
/// </remarks>
internal static class GuestEpc
{
    /// <summary>Finds a device for which libvirt would read past its list of sections; null when there is none.</summary>
    /// <param name="domain">The definition.</param>
    /// <param name="sections">The host's sections; empty when they are not known.</param>
    public static Refusal? FindWrongNode(XElement domain, IReadOnlyList<EpcSection> sections)
    {
        foreach (var device in EpcDevice.FindAll(domain))
        {
            if ((string?)device.Element("source")?.Element("nodemask") is not { } text)
            {
                continue;
            }
            if (NodeSet.TryRead(text) is not { } nodes
                || (sections.Count > 0 && nodes.Any(node => node >= sections.Count || sections.All(section => section.Node != node))))
            {
                return RelayReasons.WrongNode.Because(
                    $"an EPC device is bound to nodes '{text.Trim()}', which have no EPC on this host");
            }
        }
        return null;
    }

    /// <summary>Whether a definition has exactly these devices, in the form in which libvirt returns them.</summary>
    public static bool HasDevices(XElement domain, IReadOnlyList<EpcDevice> wanted)
    {
        var missing = wanted.ToList();
        return EpcDevice.FindAll(domain).All(device => EpcDevice.TryRead(device) is { } read && missing.Remove(read)) && missing.Count == 0;
    }

    /// <summary>Replaces the EPC devices of a definition.</summary>
    /// <returns>Null when done, or <see cref="RelayReasons.CannotAddEpc"/>.</returns>
    public static Refusal? SetDevices(XElement domain, IReadOnlyList<EpcDevice> wanted)
    {
        // Nova finds its own memory devices by their position (vPMEM), so EPC devices beside them would confuse it.
        if (EpcDevice.FindMemoryDevices(domain).Any(device => (string?)device.Attribute("model") == "nvdimm"))
        {
            return RelayReasons.CannotAddEpc.Because("a flavor cannot ask for both EPC and persistent memory (hw:pmem)");
        }
        EpcDevice.FindAll(domain).ToList().ForEach(device => device.Remove());
        if (!DomainXml.TryReadKibibytes(domain.Element("memory"), out var memory)
            || ReadCells(domain, memory, out var ram) is not { } cells
            || EpcDevice.SumKibibytes(EpcDevice.FindMemoryDevices(domain)) is not { } others)
        {
            return RelayReasons.CannotAddEpc.Because("its memory, memory devices or NUMA cells have no readable size");
        }
        if (cells.Count == 0 && !TryAddCell(domain, ram))
        {
            return RelayReasons.CannotAddEpc.Because("its number of processors cannot be read");
        }
        var devices = GetOrAdd(domain, "devices");
        foreach (var device in wanted)
        {
            devices.Add(MakeDevice(device, FindGuestCell(domain, cells, device.HostNode)));
        }
        SetTotals(domain, ram, ram + others + wanted.Sum(device => device.Kibibytes));
        return null;
    }

    private static bool TryAddCell(XElement domain, long ram)
    {
        var text = domain.Element("vcpu")?.Value.Trim() ?? "1";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var processors) || processors < 1)
        {
            return false;
        }
        GetOrAdd(GetOrAdd(domain, "cpu"), "numa").Add(new XElement(
            "cell",
            new XAttribute("id", 0),
            new XAttribute("cpus", processors == 1 ? "0" : $"0-{processors - 1}"),
            new XAttribute("memory", ram),
            new XAttribute("unit", "KiB")));
        return true;
    }

    // libvirt wants a slot for every memory device. Since 11.3 EPC needs none, and one slot too many does no harm.
    private static void SetTotals(XElement domain, long ram, long total)
    {
        var memory = domain.Element("memory")!;
        SetKibibytes(memory, total);
        if (domain.Element("maxMemory") is not { } most)
        {
            most = new XElement("maxMemory");
            memory.AddBeforeSelf(most);
        }
        var slots = (string?)most.Attribute("slots");
        var given = int.TryParse(slots, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        most.SetAttributeValue("slots", Math.Max(given, EpcDevice.FindMemoryDevices(domain).Count()));
        var limit = DomainXml.TryReadKibibytes(most, out var known) ? known : 0;
        SetKibibytes(most, Math.Max(limit, total));
        // Without currentMemory, libvirt's balloon and Nova would count EPC as memory.
        if (domain.Element("currentMemory") is not { } current)
        {
            current = new XElement("currentMemory");
            memory.AddAfterSelf(current);
        }
        else if (DomainXml.TryReadKibibytes(current, out var now) && now <= ram)
        {
            return;
        }
        SetKibibytes(current, ram);
    }

    private static void SetKibibytes(XElement element, long kibibytes)
    {
        element.SetAttributeValue("unit", "KiB");
        element.Value = kibibytes.ToString(CultureInfo.InvariantCulture);
    }

    // Null when a cell cannot be read. If there are cells, their sum is the guest's memory: <memory> counts devices too once libvirt has
    // rewritten it.
    private static List<XElement>? ReadCells(XElement domain, long memory, out long ram)
    {
        ram = memory;
        var cells = domain.Element("cpu")?.Element("numa")?.Elements("cell").ToList() ?? [];
        if (cells.Count == 0)
        {
            return cells;
        }
        ram = 0;
        foreach (var cell in cells)
        {
            if (!DomainXml.TryReadKibibytes((string?)cell.Attribute("memory"), (string?)cell.Attribute("unit"), out var size))
            {
                return null;
            }
            ram += size;
        }
        return cells;
    }

    // The cell whose memory comes from the same host node, or else the first.
    private static string FindGuestCell(XElement domain, List<XElement> cells, int? hostNode)
    {
        var ids = cells.Select((cell, index) => (string?)cell.Attribute("id") ?? index.ToString(CultureInfo.InvariantCulture)).ToList();
        var bound = hostNode is null ? null : domain.Elements("numatune").Elements("memnode")
            .Where(node => NodeSet.TryRead((string?)node.Attribute("nodeset") ?? "")?.Contains(hostNode.Value) == true)
            .Select(node => (string?)node.Attribute("cellid"))
            .FirstOrDefault(cell => cell is not null && ids.Contains(cell));
        return bound ?? ids.FirstOrDefault() ?? "0";
    }

    private static XElement MakeDevice(EpcDevice device, string cell) => new(
        "memory",
        new XAttribute("model", EpcDevice.Model),
        device.HostNode is { } node ? new XElement("source", new XElement("nodemask", node)) : null,
        new XElement("target", new XElement("size", new XAttribute("unit", "KiB"), device.Kibibytes), new XElement("node", cell)));

    private static XElement GetOrAdd(XElement parent, string name)
    {
        if (parent.Element(name) is { } child)
        {
            return child;
        }
        child = new XElement(name);
        parent.Add(child);
        return child;
    }
}
