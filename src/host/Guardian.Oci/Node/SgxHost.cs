using Guardian.Files.Native;

namespace Guardian.Oci.Node;

/// <summary>The parts of a host for enclaves: devices, and a limit of EPC for each control group.</summary>
/// <param name="Devices">The folder of devices, <c>/dev</c>.</param>
/// <param name="ControlGroups">The folder of control groups, version 2.</param>
internal sealed record SgxHost(string Devices, string ControlGroups)
{
    private static readonly string[] Names = ["sgx_enclave", "sgx_provision"];

    /// <summary>This host.</summary>
    public static SgxHost Default { get; } = new("/dev", "/sys/fs/cgroup");

    /// <summary>The devices of SGX; empty on a host without it.</summary>
    public IReadOnlyList<DeviceNode> FindDevices() =>
        [.. Names.Select(name => DeviceNode.TryRead(Path.Combine(Devices, name), $"/dev/{name}")).OfType<DeviceNode>()];

    /// <summary>Whether the kernel limits EPC for each control group (<c>misc.max</c>, with Linux's EPC controller).</summary>
    public bool LimitsEpc
    {
        get
        {
            var capacity = Path.Combine(ControlGroups, "misc.capacity");
            return File.Exists(capacity)
                && File.ReadLines(capacity).Any(line => line.StartsWith("sgx_epc ", StringComparison.Ordinal));
        }
    }
}

/// <summary>A character device.</summary>
/// <param name="Path">Its path in containers.</param>
/// <param name="Group">The group that may use it.</param>
internal sealed record DeviceNode(string Path, uint Major, uint Minor, uint Group, uint Mode)
{
    /// <summary>Reads a device of the host; null when there is none.</summary>
    public static unsafe DeviceNode? TryRead(string file, string path)
    {
        const int characterDevice = 0x2000;
        const int kinds = 0xF000;
        const uint basic = 0x7FF;
        Libc.Statx stat;
        return Libc.StatAt(Libc.CurrentDirectory, file, 0, basic, &stat) == 0 && (stat.Mode & kinds) == characterDevice
            ? new DeviceNode(path, stat.RawMajor, stat.RawMinor, stat.Group, (uint)(stat.Mode & 0x1FF))
            : null;
    }
}
