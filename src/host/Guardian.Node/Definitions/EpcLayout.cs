using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Turns a claim into devices.</summary>
internal static class EpcLayout
{
    // A Linux guest reads at most eight sections (arch/x86/kernel/cpu/sgx/sgx.h, SGX_MAX_EPC_SECTIONS).
    private const int MaxDevices = 8;

    private const long KibibytesPerMebibyte = 1024;

    // A pebibyte: no host has so much, and no sum overflows.
    private const long MaxMebibytes = 1L << 30;

    /// <summary>Plans the devices for a server's claims.</summary>
    /// <param name="claims">The claims.</param>
    /// <param name="sections">The host's sections as libvirt numbers them; empty when they are not known, and then only libvirt
    /// checks.</param>
    /// <returns>The devices, or <see cref="RelayReasons.DoesNotFit"/>.</returns>
    public static Outcome<List<EpcDevice>> Plan(IReadOnlyList<EpcClaim> claims, IReadOnlyList<EpcSection> sections)
    {
        var devices = new List<EpcDevice>();
        foreach (var claim in claims.OrderBy(claim => claim.Node))
        {
            if (claim.Mebibytes > MaxMebibytes)
            {
                return RelayReasons.DoesNotFit.Because($"{claim.Mebibytes} MiB of EPC are more than any host has");
            }
            var size = claim.Mebibytes * KibibytesPerMebibyte;
            if (sections.Count == 0 || (sections.Count == 1 && size <= sections[0].Kibibytes))
            {
                devices.Add(new EpcDevice(size, null));
            }
            else if (!TryAddDevices(size, claim.Node, sections, devices))
            {
                var present = string.Join(
                    " + ", SelectSections(claim.Node, sections).Select(section => section.Kibibytes / KibibytesPerMebibyte));
                var place = claim.Node is { } node ? $" on NUMA node {node}" : "";
                return RelayReasons.DoesNotFit.Because(
                    $"{claim.Mebibytes} MiB of EPC do not fit this host's EPC of {present} MiB{place}");
            }
        }
        return devices.Count > MaxDevices
            ? RelayReasons.DoesNotFit.Because(
                $"the EPC is spread over {devices.Count} sections; a guest reads at most {MaxDevices}")
            : devices;
    }

    // One section if one is large enough; else as many as needed, in the host's order.
    private static bool TryAddDevices(long size, int? node, IReadOnlyList<EpcSection> sections, List<EpcDevice> devices)
    {
        var candidates = SelectSections(node, sections);
        var isOne = candidates.Any(section => section.Kibibytes >= size);
        foreach (var section in isOne ? [candidates.First(section => section.Kibibytes >= size)] : candidates)
        {
            var part = Math.Min(size, section.Kibibytes);
            if (part > 0 && TryBind(section.Node, part, sections, out var hostNode))
            {
                devices.Add(new EpcDevice(part, hostNode));
                size -= part;
            }
        }
        return size == 0;
    }

    private static List<EpcSection> SelectSections(int? node, IReadOnlyList<EpcSection> sections) =>
        [.. sections.Where(section => node is null || section.Node == node)];

    // libvirt uses a node's number as an index into its list of sections, and reads past the list's end. If the number and the index
    // disagree (a socket without EPC), the device names no node; libvirt then compares its size with the first section only.
    private static bool TryBind(int node, long size, IReadOnlyList<EpcSection> sections, out int? hostNode)
    {
        hostNode = IsBindable(node, size, sections) ? node : null;
        return hostNode is not null || size <= sections[0].Kibibytes;
    }

    private static bool IsBindable(int node, long size, IReadOnlyList<EpcSection> sections) =>
        node < sections.Count && size <= sections[node].Kibibytes && sections.Any(section => section.Node == node);
}
