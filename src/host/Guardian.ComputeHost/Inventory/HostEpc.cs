using Guardian.ComputeHost.Machine;
using Guardian.Sgx.Cpu;

namespace Guardian.ComputeHost.Inventory;

/// <summary>The EPC and the TDX keys that a host has to publish.</summary>
/// <param name="Mebibytes">By NUMA node: the size of its section, in MiB.</param>
/// <param name="ReservedMebibytes">The part that is kept for the host's own enclaves, such as the quoting enclave.</param>
/// <param name="HasFlc">Whether the processor has flexible launch control.</param>
/// <param name="HasSgx2">Whether enclaves can change their memory while they run.</param>
/// <param name="IsHealthy">Whether the host's check passes.</param>
public sealed record HostEpc(IReadOnlyDictionary<int, long> Mebibytes, long ReservedMebibytes, bool HasFlc, bool HasSgx2, bool IsHealthy)
{
    /// <summary>The number of TDX guests that can run at a time; 0 when the host offers none.</summary>
    public long TdxKeys { get; init; }

    /// <summary>Reads this host's EPC.</summary>
    /// <param name="mebibytes">The sizes of its sections by NUMA node; null asks the kernel.</param>
    /// <param name="reservedMebibytes">The part that is kept for the host's own enclaves.</param>
    /// <param name="isHealthy">Whether the host's check passes.</param>
    public static HostEpc Read(IReadOnlyDictionary<int, long>? mebibytes, long reservedMebibytes, bool isHealthy)
    {
        var host = new HostRoot();
        var features = SgxFeatures.Read(host.ReadCpuId);
        return new HostEpc(
            mebibytes ?? KernelEpc.ReadSections(host).ToDictionary(section => section.Node, section => section.Kibibytes / 1024),
            reservedMebibytes, features.LaunchControl, features.Sgx2, isHealthy);
    }
}
