using Guardian.Libvirt;
using Guardian.Libvirt.Rpc;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Checks;

/// <summary>libvirt's answers about itself.</summary>
/// <param name="Library">The daemon's version.</param>
/// <param name="Hypervisor">QEMU's version.</param>
/// <param name="Capabilities">The domain capabilities of KVM guests, or of emulated guests where there is no KVM.</param>
public sealed record LibvirtFacts(Version Library, Version Hypervisor, string Capabilities)
{
    /// <summary>Asks a daemon.</summary>
    /// <param name="socket">The daemon's socket.</param>
    /// <returns>Its answers, or a reason of <see cref="LibvirtReasons"/>.</returns>
    public static Outcome<LibvirtFacts> Read(string socket)
    {
        try
        {
            using var client = LibvirtClient.Connect(socket, LibvirtClient.SystemUri, TimeSpan.FromSeconds(30));
            var capabilities = ReadCapabilities(client);
            return new LibvirtFacts(client.GetLibraryVersion(), client.GetHypervisorVersion(), capabilities);
        }
        catch (RefusedException failure)
        {
            return failure.Refusal;
        }
    }

    private static string ReadCapabilities(LibvirtClient client)
    {
        try
        {
            return client.GetDomainCapabilities("kvm");
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == LibvirtReasons.Refused)
        {
            return client.GetDomainCapabilities("qemu");
        }
    }
}
