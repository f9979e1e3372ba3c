using System.Globalization;
using System.Text;
using Guardian.OpenStack.Placement;

namespace Guardian.ComputeHost.Inventory;

/// <summary>
/// Writes Nova's <c>provider.yaml</c>, for operators who want the inventory without a daemon. The file describes one pool for the host,
/// and no health.
/// </summary>
public static class ProviderFile
{
    /// <summary>Writes the file's text.</summary>
    /// <remarks>nova-compute reads it when it starts, and only custom names: the operator must set HW_CPU_X86_SGX by hand.</remarks>
    public static string Write(HostEpc epc)
    {
        ArgumentNullException.ThrowIfNull(epc);
        var total = epc.Mebibytes.Values.Sum();
        var traits = new List<string> { Epc.HealthyTrait };
        traits.AddRange(epc.HasFlc ? [Epc.FlcTrait] : []);
        traits.AddRange(epc.HasSgx2 ? [Epc.Sgx2Trait] : []);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Enclave memory of this host for Nova. Put this file below [compute]provider_config_location (/etc/nova/provider_config) and
            # restart nova-compute. Nova takes no standard trait from here; set it once, together with all traits that the host has:
            #   openstack --os-placement-api-version 1.28 resource provider trait set --trait {Epc.SgxTrait} ...
            meta:
              schema_version: '1.0'
            providers:
              - identification:
                  uuid: $COMPUTE_NODE
                inventories:
                  additional:
                    - {Epc.ResourceClass}:
                        total: {total}
                        reserved: {Math.Min(epc.ReservedMebibytes, total)}
                        min_unit: 1
                        max_unit: {(epc.Mebibytes.Count == 0 ? 0 : epc.Mebibytes.Values.Max())}
                        step_size: 1
                        allocation_ratio: 1.0
                traits:
                  additional:

            """);
        foreach (var trait in traits)
        {
            text.Append(CultureInfo.InvariantCulture, $"        - {trait}\n");
        }
        return text.ToString();
    }
}
