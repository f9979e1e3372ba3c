using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;

namespace Guardian.Node.Kubernetes;

/// <summary>Writes a node's EPC into its status, with the rights of the pod's service account.</summary>
/// <param name="api">The API server.</param>
internal sealed class NodeStatus(ClusterApi api)
{
    /// <summary>The label that says whether a node's EPC is real: <c>hardware</c> or <c>simulated</c>.</summary>
    public const string Label = "org.guardian.sgx";

    /// <summary>Writes the EPC of a node and its label; takes both away where there is none.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public async Task PublishAsync(string node, NodeEpc epc, CancellationToken cancellation)
    {
        var path = $"api/v1/nodes/{Uri.EscapeDataString(node)}";
        var labels = new JsonObject { ["labels"] = new JsonObject { [Label] = epc.Bytes > 0 ? epc.Platform : null } };
        await api.PatchAsync(path, new JsonObject { ["metadata"] = labels }, cancellation).ConfigureAwait(false);
        var bytes = new JsonObject
        {
            [SgxResource.Epc] = epc.Bytes > 0 ? epc.Bytes.ToString(CultureInfo.InvariantCulture) : null,
        };
        var status = new JsonObject { ["capacity"] = bytes };
        if (epc.Bytes == 0)
        {
            // The kubelet derives this from the capacity, but keeps what is gone from there.
            status["allocatable"] = bytes.DeepClone();
        }
        await api.PatchAsync($"{path}/status", new JsonObject { ["status"] = status }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Lists the nodes on which EPC is published.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation)
    {
        var answer = await api.GetAsync($"api/v1/nodes?labelSelector={Label}", cancellation).ConfigureAwait(false);
        return [.. ((JsonNode.Parse(answer) as JsonObject)?["items"] as JsonArray ?? [])
            .Select(node => (string?)node?["metadata"]?["name"]).OfType<string>()];
    }
}
