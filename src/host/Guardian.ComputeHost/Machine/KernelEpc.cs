using System.Globalization;

namespace Guardian.ComputeHost.Machine;

/// <summary>The EPC sizes that the kernel reports.</summary>
public static class KernelEpc
{
    private const string Nodes = "/sys/devices/system/node";

    /// <summary>Reads the EPC of each NUMA node, in the order of nodes; empty before Linux 5.17, the first to report it.</summary>
    public static IReadOnlyList<EpcSection> ReadSections(HostRoot host)
    {
        var sections = new List<EpcSection>();
        foreach (var name in host.ListNames(Nodes).Where(name => name.StartsWith("node", StringComparison.Ordinal)))
        {
            var size = host.ReadText($"{Nodes}/{name}/x86/sgx_total_bytes");
            if (int.TryParse(name.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var node)
                && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0)
            {
                sections.Add(new EpcSection(node, bytes / 1024));
            }
        }
        return [.. sections.OrderBy(section => section.Node)];
    }
}
