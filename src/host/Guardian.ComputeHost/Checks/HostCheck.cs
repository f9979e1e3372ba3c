using Guardian.ComputeHost.Machine;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Checks;

/// <summary>Examines everything that a host needs to give EPC to guests.</summary>
public static class HostCheck
{
    /// <summary>Runs all checks of a host.</summary>
    /// <param name="host">The host's files.</param>
    /// <param name="libvirt">libvirt's answers, or the refusal that says why there are none.</param>
    /// <param name="relay">The path of the relay's socket.</param>
    /// <param name="guestVsock">Whether guests get a vsock device.</param>
    /// <param name="more">Findings of other sources, such as the cloud; they come last.</param>
    public static CheckReport Run(
        HostRoot host, Outcome<LibvirtFacts> libvirt, string relay, bool guestVsock, IEnumerable<Finding> more) => new([
        .. ProcessorCheck.Run(host),
        .. ExposureCheck.Run(host),
        .. KernelCheck.Run(host, guestVsock),
        .. LibvirtCheck.Run(host, libvirt),
        TdxCheck.Run(host, libvirt.Value),
        .. PermissionCheck.Run(host, libvirt.Value),
        .. NovaCheck.Run(host, relay),
        .. more,
    ]);
}
