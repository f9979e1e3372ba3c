using Guardian.Libvirt.Rpc;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Machine;

/// <summary>
/// Nova's name of this host, as <c>openstack hypervisor list</c> shows it. Nova takes it from libvirt, mostly with the host's domain.
/// </summary>
/// <param name="configured">The operator's word; null asks libvirt.</param>
/// <param name="socket">libvirtd's socket.</param>
/// <remarks>Thread-safe.</remarks>
public sealed class HostName(string? configured, string socket)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private volatile string? known = configured;

    /// <summary>Whether the name is known for certain.</summary>
    public bool IsCertain => known is not null;

    /// <summary>The name; while libvirt has not answered, the kernel's, which a host with a domain may not share with libvirt.</summary>
    public string Current => known ?? new HostRoot().ReadText("/proc/sys/kernel/hostname") ?? Environment.MachineName;

    /// <summary>Asks libvirt, unless the name is certain.</summary>
    /// <returns>The name.</returns>
    public string Refresh()
    {
        if (known is null)
        {
            try
            {
                using var client = LibvirtClient.Connect(socket, LibvirtClient.SystemUri, Limit);
                known = client.GetHostName();
            }
            catch (RefusedException)
            {
                // The next refresh asks again.
            }
        }
        return Current;
    }
}
