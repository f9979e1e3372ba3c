using Guardian.Node.Checks;
using Guardian.Sgx.Cpu;

namespace Guardian.Node.Publishing;

/// <summary>What a host has to publish.</summary>
/// <param name="Mebibytes">By NUMA node: the size of its section.</param>
/// <param name="ReservedMebibytes">Kept for the host's own enclaves, such as the quoting enclave.</param>
/// <param name="HasFlc">Flexible launch control.</param>
/// <param name="HasSgx2">Dynamic memory of enclaves.</param>
/// <param name="IsHealthy">Whether the host's check passes.</param>
public sealed record HostEpc(IReadOnlyDictionary<int, long> Mebibytes, long ReservedMebibytes, bool HasFlc, bool HasSgx2, bool IsHealthy)
{
    /// <summary>Looks at this host.</summary>
    /// <param name="mebibytes">Its sections where the kernel does not tell them; null asks the kernel.</param>
    public static HostEpc OfThisHost(IReadOnlyDictionary<int, long>? mebibytes, long reservedMebibytes, bool isHealthy)
    {
        var host = new HostRoot();
        var features = SgxFeatures.Read(host.CpuId);
        return new HostEpc(
            mebibytes ?? KernelCheck.ReadSections(host).ToDictionary(section => section.Node, section => section.Kibibytes / 1024), reservedMebibytes, features.LaunchControl, features.Sgx2, isHealthy);
    }
}
