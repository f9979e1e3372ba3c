using System.Globalization;
using System.Text;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Publishing;

/// <summary>Writes Nova's <c>provider.yaml</c>, for operators who want the inventory without a daemon: it knows one pool for the host, and no health.</summary>
public static class ProviderFile
{
    /// <summary>The file's text.</summary>
    /// <remarks>Nova reads it when nova-compute starts, and only custom names: HW_CPU_X86_SGX must be set by hand.</remarks>
    public static string Write(HostEpc epc)
    {
        ArgumentNullException.ThrowIfNull(epc);
        var total = epc.Mebibytes.Values.Sum();
        var traits = new List<string> { Epc.HealthyTrait };
        traits.AddRange(epc.HasFlc ? [Epc.FlcTrait] : []);
        traits.AddRange(epc.HasSgx2 ? [Epc.Sgx2Trait] : []);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Enclave memory of this host for Nova: put it below [compute]provider_config_location (/etc/nova/provider_config) and restart nova-compute.
            # Nova takes no standard trait from here; set it once:
            #   openstack --os-placement-api-version 1.28 resource provider trait set --trait {Epc.SgxTrait} ... (with all traits that it has)
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
