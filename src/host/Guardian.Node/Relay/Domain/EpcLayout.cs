using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay.Domain;

/// <summary>One EPC section of the host. Lists of them are in the order of CPUID leaf 12H, which is how QEMU and libvirt number them.</summary>
/// <param name="Node">The host's NUMA node.</param>
public readonly record struct EpcSection(int Node, long Kibibytes);

/// <summary>One EPC device of a guest.</summary>
/// <param name="HostNode">The host's node it is bound to, or null.</param>
internal readonly record struct EpcDevice(long Kibibytes, int? HostNode);

/// <summary>Turns a claim into devices.</summary>
internal static class EpcLayout
{
    // A Linux guest reads at most eight sections (arch/x86/kernel/cpu/sgx/sgx.h, SGX_MAX_EPC_SECTIONS).
    private const int MaxDevices = 8;

    private const long KibibytesPerMebibyte = 1024;

    // A pebibyte: more than any host has, and far from every overflow.
    private const long MaxMebibytes = 1L << 30;

    /// <summary>The devices for an instance's claims, or null and why there can be none.</summary>
    /// <param name="sections">The host's sections as libvirt numbers them; empty when they are not known, and then libvirt alone checks.</param>
    public static IReadOnlyList<EpcDevice>? Plan(IReadOnlyList<EpcClaim> claims, IReadOnlyList<EpcSection> sections, out string? problem)
    {
        var devices = new List<EpcDevice>();
        foreach (var claim in claims.OrderBy(claim => claim.Node))
        {
            if (claim.Mebibytes > MaxMebibytes)
            {
                problem = $"{claim.Mebibytes} MiB of EPC are more than any host has";
                return null;
            }
            var size = claim.Mebibytes * KibibytesPerMebibyte;
            if (sections.Count == 0 || (sections.Count == 1 && size <= sections[0].Kibibytes))
            {
                devices.Add(new EpcDevice(size, null));
            }
            else if (!TryPlace(size, claim.Node, sections, devices))
            {
                problem = $"{claim.Mebibytes} MiB of EPC do not fit this host's EPC of {string.Join(" + ", On(claim.Node, sections).Select(section => section.Kibibytes / KibibytesPerMebibyte))} MiB{(claim.Node is { } node ? $" on NUMA node {node}" : "")}";
                return null;
            }
        }
        problem = devices.Count > MaxDevices ? $"the EPC is spread over {devices.Count} sections; a guest reads at most {MaxDevices}" : null;
        return problem is null ? devices : null;
    }

    // One section when one is large enough, else as many as it takes, the host's order.
    private static bool TryPlace(long size, int? node, IReadOnlyList<EpcSection> sections, List<EpcDevice> devices)
    {
        var candidates = On(node, sections);
        foreach (var section in candidates.Any(section => section.Kibibytes >= size) ? [candidates.First(section => section.Kibibytes >= size)] : candidates)
        {
            var taken = Math.Min(size, section.Kibibytes);
            if (taken > 0 && TryBind(section.Node, taken, sections, out var hostNode))
            {
                devices.Add(new EpcDevice(taken, hostNode));
                size -= taken;
            }
        }
        return size == 0;
    }

    private static List<EpcSection> On(int? node, IReadOnlyList<EpcSection> sections) => [.. sections.Where(section => node is null || section.Node == node)];

    // libvirt takes the number of a node for an index into its list of sections and reads whatever lies there, even past the end. Where the two
    // disagree (a socket without EPC), a device goes without a node; libvirt then compares it with the first section alone.
    private static bool TryBind(int node, long size, IReadOnlyList<EpcSection> sections, out int? hostNode)
    {
        hostNode = IsBindable(node, size, sections) ? node : null;
        return hostNode is not null || size <= sections[0].Kibibytes;
    }

    private static bool IsBindable(int node, long size, IReadOnlyList<EpcSection> sections) =>
        node < sections.Count && size <= sections[node].Kibibytes && sections.Any(section => section.Node == node);
}
