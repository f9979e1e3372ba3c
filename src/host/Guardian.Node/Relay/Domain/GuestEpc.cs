using System.Globalization;
using System.Xml.Linq;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay.Domain;

/// <summary>
/// EPC in a guest's definition. libvirt wants all of it written at definition: the devices, the most memory there may be with enough slots, a NUMA
/// cell to put them on, and a total that counts them (docs/formatdomain.html, memory devices; older than 11.3 it adds none of this itself).
/// </summary>
internal static class GuestEpc
{
    private const string Model = "sgx-epc";

    /// <summary>The EPC devices of a definition.</summary>
    public static IEnumerable<XElement> Devices(XElement domain) =>
        MemoryDevices(domain).Where(device => (string?)device.Attribute("model") == Model);

    /// <summary>EPC of a definition in KiB, or null when a size cannot be read.</summary>
    public static long? Kibibytes(XElement domain)
    {
        long total = 0;
        foreach (var device in Devices(domain))
        {
            if (!DomainXml.TryReadKibibytes(device.Element("target")?.Element("size"), out var size))
            {
                return null;
            }
            total += size;
        }
        return total;
    }

    /// <summary>Whether the devices take from each NUMA node what was claimed there; true where a device is bound to none, or a claim is on the whole host.</summary>
    public static bool IsOnNodesOf(XElement domain, IReadOnlyList<EpcClaim> claims)
    {
        var devices = Devices(domain).Select(device => Read(device) ?? default).ToList();
        return devices.Any(device => device.HostNode is null) || claims.Any(claim => claim.Node is null)
            || ByNode(devices).SequenceEqual(ByNode(claims.Select(claim => new EpcDevice(claim.Mebibytes * 1024, claim.Node))));
    }

    /// <summary>A device that libvirt would check against memory that is not its own, and why; or null.</summary>
    /// <param name="sections">The host's sections; empty when they are not known.</param>
    public static string? FindBadNode(XElement domain, IReadOnlyList<EpcSection> sections)
    {
        foreach (var device in Devices(domain))
        {
            if ((string?)device.Element("source")?.Element("nodemask") is not { } text)
            {
                continue;
            }
            if (NodeSet.TryRead(text) is not { } nodes
                || (sections.Count > 0 && nodes.Any(node => node >= sections.Count || sections.All(section => section.Node != node))))
            {
                return $"an EPC device is bound to nodes '{text.Trim()}', which have no EPC on this host";
            }
        }
        return null;
    }

    /// <summary>Whether the definition has just these devices, as libvirt writes them when it is asked for a definition.</summary>
    public static bool Has(XElement domain, IReadOnlyList<EpcDevice> wanted)
    {
        var missing = wanted.ToList();
        return Devices(domain).All(device => Read(device) is { } read && missing.Remove(read)) && missing.Count == 0;
    }

    /// <summary>Gives the guest these devices in place of any it has; null when done, else what is in the way.</summary>
    public static string? Set(XElement domain, IReadOnlyList<EpcDevice> wanted)
    {
        // Nova finds its own memory devices by their position (vPMEM), and a save of one is a save of all.
        if (MemoryDevices(domain).Any(device => (string?)device.Attribute("model") == "nvdimm"))
        {
            return "a flavor cannot ask for both EPC and persistent memory (hw:pmem)";
        }
        Devices(domain).ToList().ForEach(device => device.Remove());
        if (!DomainXml.TryReadKibibytes(domain.Element("memory"), out var memory)
            || FindCells(domain, memory, out var ram) is not { } cells
            || SumOf(MemoryDevices(domain)) is not { } others)
        {
            return "its memory, memory devices or NUMA cells have no readable size";
        }
        var numa = domain.Element("cpu")?.Element("numa");
        if (cells.Count == 0)
        {
            if (!int.TryParse(domain.Element("vcpu")?.Value.Trim() ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var processors) || processors < 1)
            {
                return "its number of processors cannot be read";
            }
            numa = Child(Child(domain, "cpu"), "numa");
            numa.Add(new XElement("cell", new XAttribute("id", 0), new XAttribute("cpus", processors == 1 ? "0" : $"0-{processors - 1}"), new XAttribute("memory", ram), new XAttribute("unit", "KiB")));
        }
        var devices = Child(domain, "devices");
        foreach (var device in wanted)
        {
            devices.Add(Write(device, FindGuestCell(domain, cells, device.HostNode)));
        }
        SetTotals(domain, ram, ram + others + wanted.Sum(device => device.Kibibytes));
        return null;
    }

    // libvirt wants a slot for every memory device; since 11.3 EPC needs none, and one more does no harm.
    private static void SetTotals(XElement domain, long ram, long total)
    {
        var memory = domain.Element("memory")!;
        memory.SetAttributeValue("unit", "KiB");
        memory.Value = Text(total);
        if (domain.Element("maxMemory") is not { } most)
        {
            most = new XElement("maxMemory");
            memory.AddBeforeSelf(most);
        }
        var slots = int.TryParse((string?)most.Attribute("slots"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        most.SetAttributeValue("slots", Math.Max(slots, MemoryDevices(domain).Count()));
        var limit = DomainXml.TryReadKibibytes(most, out var known) ? known : 0;
        most.SetAttributeValue("unit", "KiB");
        most.Value = Text(Math.Max(limit, total));
        // Without it libvirt would let the balloon, and Nova, count EPC as memory.
        if (domain.Element("currentMemory") is not { } current)
        {
            current = new XElement("currentMemory");
            memory.AddAfterSelf(current);
        }
        else if (DomainXml.TryReadKibibytes(current, out var now) && now <= ram)
        {
            return;
        }
        current.SetAttributeValue("unit", "KiB");
        current.Value = Text(ram);
    }

    // The guest's cells; null when one cannot be read. With cells their sum is the guest's memory: <memory> counts devices too once libvirt has seen it.
    private static List<XElement>? FindCells(XElement domain, long memory, out long ram)
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
        var ids = cells.Select((cell, index) => (string?)cell.Attribute("id") ?? Text(index)).ToList();
        var bound = hostNode is null ? null : domain.Elements("numatune").Elements("memnode")
            .Where(node => NodeSet.TryRead((string?)node.Attribute("nodeset") ?? "")?.Contains(hostNode.Value) == true)
            .Select(node => (string?)node.Attribute("cellid"))
            .FirstOrDefault(cell => cell is not null && ids.Contains(cell));
        return bound ?? ids.FirstOrDefault() ?? "0";
    }

    private static XElement Write(EpcDevice device, string cell) => new(
        "memory",
        new XAttribute("model", Model),
        device.HostNode is { } node ? new XElement("source", new XElement("nodemask", node)) : null,
        new XElement("target", new XElement("size", new XAttribute("unit", "KiB"), device.Kibibytes), new XElement("node", cell)));

    // Null for what no device of ours looks like.
    private static EpcDevice? Read(XElement device)
    {
        var mask = (string?)device.Element("source")?.Element("nodemask");
        var nodes = mask is null ? null : NodeSet.TryRead(mask);
        return DomainXml.TryReadKibibytes(device.Element("target")?.Element("size"), out var size) && (mask is null || nodes?.Count == 1)
            ? new EpcDevice(size, nodes?.Min)
            : null;
    }

    private static long? SumOf(IEnumerable<XElement> devices)
    {
        long total = 0;
        foreach (var device in devices)
        {
            if (!DomainXml.TryReadKibibytes(device.Element("target")?.Element("size"), out var size))
            {
                return null;
            }
            total += size;
        }
        return total;
    }

    private static IEnumerable<(int? Node, long Kibibytes)> ByNode(IEnumerable<EpcDevice> devices) =>
        devices.GroupBy(device => device.HostNode, (node, own) => (node, own.Sum(device => device.Kibibytes))).Order();

    private static IEnumerable<XElement> MemoryDevices(XElement domain) => domain.Elements("devices").Elements("memory");

    private static XElement Child(XElement parent, string name)
    {
        if (parent.Element(name) is { } child)
        {
            return child;
        }
        child = new XElement(name);
        parent.Add(child);
        return child;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
