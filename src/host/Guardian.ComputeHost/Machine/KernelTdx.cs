using System.Globalization;

namespace Guardian.ComputeHost.Machine;

/// <summary>TDX as the kernel reports it, since Linux 6.16.</summary>
internal static class KernelTdx
{
    private const string Capacity = "/sys/fs/cgroup/misc.capacity";

    // Key identifiers are a part of physical addresses; processors have at most 15 bits for them.
    private const int MaxKeys = 1 << 15;

    /// <summary>Whether KVM can run TDX guests.</summary>
    public static bool IsEnabled(HostRoot host) => host.ReadText("/sys/module/kvm_intel/parameters/tdx") is "Y" or "1";

    /// <summary>Reads the number of TDX guests that can run at a time (cgroup v2, misc.capacity); 0 when it is not reported.</summary>
    public static int ReadKeys(HostRoot host)
    {
        // tdx 63
        var line = host.ReadLines(Capacity).Select(line => line.Split(' ')).FirstOrDefault(fields => fields is ["tdx", _]);
        return line is not null && int.TryParse(line[1], NumberStyles.None, CultureInfo.InvariantCulture, out var keys) && keys <= MaxKeys
            ? keys : 0;
    }
}
