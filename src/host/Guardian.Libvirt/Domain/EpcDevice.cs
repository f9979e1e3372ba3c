using System.Xml.Linq;

namespace Guardian.Libvirt.Domain;

/// <summary>One EPC device of a guest (docs/formatdomain.html, memory devices).</summary>
/// <param name="Kibibytes">The size in KiB.</param>
/// <param name="HostNode">The host's NUMA node to which it is bound; null when it is bound to none.</param>
public readonly record struct EpcDevice(long Kibibytes, int? HostNode)
{
    /// <summary>libvirt's name of the device's model.</summary>
    public const string Model = "sgx-epc";

    /// <summary>Finds the EPC devices of a definition.</summary>
    public static IEnumerable<XElement> FindAll(XElement domain) => FindMemoryDevices(domain).Where(Is);

    /// <summary>Whether a device is one.</summary>
    /// <param name="device">The device of a definition, or one that is attached.</param>
    public static bool Is(XElement device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return (string?)device.Attribute("model") == Model;
    }

    /// <summary>Finds the memory devices of a definition; EPC devices are some of them.</summary>
    public static IEnumerable<XElement> FindMemoryDevices(XElement domain) => domain.Elements("devices").Elements("memory");

    /// <summary>Reads a device; null when it is malformed, or bound to several nodes.</summary>
    public static EpcDevice? TryRead(XElement device)
    {
        var mask = (string?)device.Element("source")?.Element("nodemask");
        var nodes = mask is null ? null : NodeSet.TryRead(mask);
        return DomainXml.TryReadKibibytes(device.Element("target")?.Element("size"), out var size) && (mask is null || nodes?.Count == 1)
            ? new EpcDevice(size, nodes?.Min)
            : null;
    }

    /// <summary>Adds up the sizes of memory devices in KiB; null when a size cannot be read.</summary>
    public static long? SumKibibytes(IEnumerable<XElement> devices)
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

    /// <summary>
    /// Whether a definition's devices take from each NUMA node what was claimed there. True when a device or a claim names no node.
    /// </summary>
    /// <param name="domain">The definition.</param>
    /// <param name="claimed">The claims, as devices.</param>
    public static bool MatchNodes(XElement domain, IReadOnlyList<EpcDevice> claimed)
    {
        var devices = FindAll(domain).Select(device => TryRead(device) ?? default).ToList();
        return devices.Any(device => device.HostNode is null) || claimed.Any(claim => claim.HostNode is null)
            || SumByNode(devices).SequenceEqual(SumByNode(claimed));
    }

    private static IEnumerable<(int? Node, long Kibibytes)> SumByNode(IEnumerable<EpcDevice> devices) =>
        devices.GroupBy(device => device.HostNode, (node, own) => (node, own.Sum(device => device.Kibibytes))).Order();
}
