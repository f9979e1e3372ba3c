using Guardian.Node.Libvirt;

namespace Guardian.Node.Checks;

/// <summary>Looks at everything a host needs to give EPC to guests.</summary>
public static class HostCheck
{
    /// <param name="libvirt">Asks libvirt.</param>
    /// <param name="relay">The relay's socket.</param>
    /// <param name="more">Findings of others, such as of the cloud.</param>
    public static CheckReport Run(HostRoot host, Func<LibvirtFacts> libvirt, string relay, IEnumerable<Finding> more)
    {
        LibvirtFacts? facts = null;
        string? problem = null;
        try
        {
            facts = libvirt();
        }
        catch (LibvirtException failure)
        {
            problem = failure.Message;
        }
        return new CheckReport([
            .. ProcessorCheck.Run(host),
            .. ExposureCheck.Run(host),
            .. KernelCheck.Run(host),
            .. LibvirtCheck.Run(host, facts, problem),
            .. PermissionCheck.Run(host, facts?.Library),
            .. NovaCheck.Run(host, relay),
            .. more,
        ]);
    }
}
