using Guardian.ComputeHost.Machine;
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

    /// <summary>
    /// Reads the answers from captured files: <c>domcapabilities.xml</c>, the output of <c>virsh domcapabilities</c>, and
    /// <c>virsh-version</c>, the output of <c>virsh version</c> in English.
    /// </summary>
    /// <param name="host">The captured files.</param>
    /// <returns>The answers, or a reason of <see cref="LibvirtReasons"/>. Never throws for any content.</returns>
    public static Outcome<LibvirtFacts> ReadCaptured(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var versions = host.ReadLines("/virsh-version").ToList();
        return host.ReadText("/domcapabilities.xml") is not { } capabilities
            ? LibvirtReasons.Unusable.Because("libvirt's answers are not among the captured files")
            : FindVersion(versions, "Using library: libvirt ") is not { } library
                || FindVersion(versions, "Running hypervisor: QEMU ") is not { } hypervisor
            ? LibvirtReasons.Unusable.Because("the captured file virsh-version does not name the versions of libvirt and QEMU")
            : new LibvirtFacts(library, hypervisor, capabilities);
    }

    private static Version? FindVersion(List<string> lines, string words) =>
        lines.FirstOrDefault(line => line.StartsWith(words, StringComparison.Ordinal)) is { } found
        && Version.TryParse(found.AsSpan(words.Length).Trim(), out var version) ? version : null;

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
