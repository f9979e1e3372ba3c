using Guardian.ComputeHost.Machine;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks whether Nova goes through the relay, and whether it keeps plain guests off the host.</summary>
public static class NovaCheck
{
    private const string MainFile = "/etc/nova/nova.conf";

    // Each deployment has its own: packages, DevStack (nova-compute reads it in place of nova.conf), and Kolla's containers.
    private static readonly string[] ComputeFiles =
        ["/etc/nova/nova-compute.conf", "/etc/nova/nova-cpu.conf", "/etc/kolla/nova-compute/nova.conf"];

    /// <summary>Checks whether an aggregate keeps plain guests off this host.</summary>
    /// <param name="aggregates">All aggregates of the cloud.</param>
    /// <param name="host">The host of its nova-compute.</param>
    public static Finding CheckAggregates(IReadOnlyList<Aggregate> aggregates, string host)
    {
        const string Key = $"trait:{Epc.SgxTrait}";
        var found = aggregates.FirstOrDefault(
            aggregate => aggregate.Hosts.Contains(host) && aggregate.Metadata.GetValueOrDefault(Key) == "required");
        return found is not null
            ? new Finding(
                "isolation", FindingStatus.Ok,
                $"aggregate {found.Name} keeps plain guests off this host, if the scheduler has enable_isolated_aggregate_filtering = true")
            : new Finding(
                "isolation", FindingStatus.Warning, $"no aggregate with {Key} = required has this host",
                "plain guests may take the processors and memory that guests with EPC need", $"guardian cloud setup --host {host}");
    }

    /// <summary>Checks nova-compute's settings.</summary>
    /// <param name="host">The host's files.</param>
    /// <param name="relay">The path of the relay's socket.</param>
    internal static IEnumerable<Finding> Run(HostRoot host, string relay)
    {
        string[] files =
        [
            MainFile,
            .. ComputeFiles,
            .. host.ListNames("/etc/nova/nova.conf.d").Select(name => $"/etc/nova/nova.conf.d/{name}"),
        ];
        var settings = IniFile.Read(files.SelectMany(host.ReadLines));
        if (settings.Count == 0)
        {
            yield return new Finding(
                "nova", FindingStatus.Unknown,
                $"none of {MainFile}, {string.Join(", ", ComputeFiles)} exists and may be read",
                "nova-compute must go through the relay", "run this as root on a compute host");
            yield break;
        }
        var uri = settings.GetValueOrDefault(("libvirt", "connection_uri"));
        var file = ComputeFiles.Skip(1).FirstOrDefault(host.Exists) ?? MainFile;
        yield return uri is not null && Uri.UnescapeDataString(uri).Contains($"socket={relay}", StringComparison.Ordinal)
            ? new Finding("nova", FindingStatus.Ok, "nova-compute goes through the relay")
            : new Finding(
                "nova", FindingStatus.Failed,
                uri is null ? "nova-compute goes to libvirt directly" : $"nova-compute goes to {uri}",
                "the relay gives guests their EPC; without it they get none",
                $"{file}: [libvirt] connection_uri = qemu+unix:///system?socket={relay}; systemctl restart nova-compute");
        yield return host.Exists(relay)
            ? new Finding("relay", FindingStatus.Ok, $"the relay listens on {relay}")
            : new Finding(
                "relay", FindingStatus.Failed, $"nothing listens on {relay}",
                "nova-compute cannot reach libvirt", "systemctl enable --now guardian-node.socket");
    }
}
