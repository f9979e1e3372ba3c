using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Checks;

/// <summary>Whether Nova goes through the relay, and keeps other guests off the host.</summary>
public static class NovaCheck
{
    private const string MainFile = "/etc/nova/nova.conf";

    /// <param name="relay">The relay's socket.</param>
    public static IEnumerable<Finding> Run(HostRoot host, string relay)
    {
        string[] files = [MainFile, "/etc/nova/nova-compute.conf", .. host.Names("/etc/nova/nova.conf.d").Select(name => $"/etc/nova/nova.conf.d/{name}")];
        var settings = IniFile.Read(files.SelectMany(host.Lines));
        if (settings.Count == 0)
        {
            yield return new Finding("nova", FindingStatus.Unknown, $"{MainFile} is not there or may not be read", "nova-compute must go through the relay", "run this as root on a compute host");
            yield break;
        }
        var uri = settings.GetValueOrDefault(("libvirt", "connection_uri"));
        var wanted = $"qemu+unix:///system?socket={relay}";
        yield return uri is not null && Uri.UnescapeDataString(uri).Contains($"socket={relay}", StringComparison.Ordinal)
            ? new Finding("nova", FindingStatus.Ok, "nova-compute goes through the relay")
            : new Finding("nova", FindingStatus.Failed, uri is null ? "nova-compute goes to libvirt directly" : $"nova-compute goes to {uri}", "guests get their EPC on the way through the relay, and none without", $"{MainFile}: [libvirt] connection_uri = {wanted}; systemctl restart nova-compute");
        yield return host.Exists(relay)
            ? new Finding("relay", FindingStatus.Ok, $"the relay listens on {relay}")
            : new Finding("relay", FindingStatus.Failed, $"nobody listens on {relay}", "nova-compute cannot reach libvirt", "systemctl enable --now guardian-node.socket");
    }

    /// <summary>Whether an aggregate keeps plain guests off this host.</summary>
    public static Finding CheckAggregates(IReadOnlyList<Aggregate> aggregates, string host) =>
        aggregates.FirstOrDefault(aggregate => aggregate.Hosts.Contains(host) && aggregate.Metadata.GetValueOrDefault($"trait:{Epc.SgxTrait}") == "required") is { } found
            ? new Finding("isolation", FindingStatus.Ok, $"aggregate {found.Name} keeps plain guests off this host, when the scheduler has enable_isolated_aggregate_filtering = true")
            : new Finding("isolation", FindingStatus.Warning, $"no aggregate with trait:{Epc.SgxTrait} = required has this host", "plain guests may take the processors and memory that EPC needs beside it", $"guardian cloud setup --host {host}");
}
