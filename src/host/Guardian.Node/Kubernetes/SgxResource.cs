using System.Globalization;
using Guardian.ComputeHost.Machine;

namespace Guardian.Node.Kubernetes;

/// <summary>
/// A resource of Kubernetes that a pod asks for, of which the node has some units. The names are those of Intel's device plugin.
/// </summary>
/// <param name="Name">The resource's name.</param>
/// <param name="Endpoint">The name of the plugin's socket.</param>
/// <param name="Device">The device that a container gets.</param>
internal sealed record SgxResource(string Name, string Endpoint, string Device)
{
    /// <summary>The EPC of a node in bytes. It is a number in the node's status and has no devices.</summary>
    public const string Epc = "sgx.intel.com/epc";

    /// <summary>Starting enclaves.</summary>
    public static readonly SgxResource Enclave = new("sgx.intel.com/enclave", "guardian-sgx-enclave.sock", "/dev/sgx_enclave");

    /// <summary>The key by which a processor proves itself to Intel.</summary>
    public static readonly SgxResource Provision = new("sgx.intel.com/provision", "guardian-sgx-provision.sock", "/dev/sgx_provision");

    /// <summary>The identifiers of a number of units.</summary>
    public static IReadOnlyList<string> ListUnits(int count) =>
        [.. Enumerable.Range(0, count).Select(unit => string.Create(CultureInfo.InvariantCulture, $"sgx-{unit}"))];
}

/// <summary>The EPC of a node.</summary>
/// <param name="Bytes">Its size; 0 on a node without EPC.</param>
/// <param name="IsSimulated">Whether it is pretended. It protects nothing.</param>
internal sealed record NodeEpc(long Bytes, bool IsSimulated)
{
    /// <summary>The node's label, and the value of <c>GUARDIAN_PLATFORM</c> in containers.</summary>
    public string Platform => IsSimulated ? "simulated" : "hardware";

    /// <summary>The EPC of each NUMA node; empty where it is not known, and for simulated EPC.</summary>
    public IReadOnlyList<EpcSection> Sections { get; init; } = [];

    /// <summary>Describes what the kernel reports.</summary>
    public static NodeEpc Of(IReadOnlyList<EpcSection> sections) =>
        new(sections.Sum(section => section.Kibibytes) * 1024, IsSimulated: false) { Sections = sections };

    /// <summary>Finds the NUMA node of a unit, so that each node has units in proportion to its EPC; null where it is not known.</summary>
    /// <param name="unit">The number of the unit, from 0.</param>
    /// <param name="units">The number of units.</param>
    public int? FindNumaNode(int unit, int units)
    {
        long before = 0;
        foreach (var section in Sections)
        {
            before += section.Kibibytes;
            if (Sections.Sum(each => each.Kibibytes) * (Int128)unit < before * (Int128)units)
            {
                return section.Node;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public bool Equals(NodeEpc? other) => other is not null && Bytes == other.Bytes && IsSimulated == other.IsSimulated
        && Sections.SequenceEqual(other.Sections);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Bytes, IsSimulated);
}
