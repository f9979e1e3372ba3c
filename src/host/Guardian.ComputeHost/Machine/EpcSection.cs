namespace Guardian.ComputeHost.Machine;

/// <summary>One EPC section of the host. Lists are in the order of CPUID leaf 12H, by which QEMU and libvirt number sections.</summary>
/// <param name="Node">The host's NUMA node.</param>
/// <param name="Kibibytes">The size in KiB.</param>
public readonly record struct EpcSection(int Node, long Kibibytes);
