using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Guardian.Node.Kubernetes;

/// <summary>Writes a node's EPC into its status, with the rights of the pod's service account.</summary>
internal sealed class NodeStatus : IDisposable
{
    /// <summary>The label that says whether a node's EPC is real: <c>hardware</c> or <c>simulated</c>.</summary>
    public const string Label = "org.guardian.sgx";

    private const string MergePatch = "application/merge-patch+json";
    private const int MaxAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(15);

    private readonly HttpClient api;
    private readonly string tokenFile;

    /// <param name="api">The API server's address.</param>
    /// <param name="account">The folder with the service account's <c>ca.crt</c> and <c>token</c>.</param>
    /// <exception cref="IOException">The account has no certificates.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificates are malformed.</exception>
    public NodeStatus(Uri api, string account)
    {
        tokenFile = Path.Combine(account, "token");
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(account, "ca.crt"));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
        this.api = new HttpClient(handler) { BaseAddress = api, Timeout = CallLimit, MaxResponseContentBufferSize = MaxAnswer };
    }

    /// <summary>Opens the API server of the cluster in which this pod runs; null outside of a cluster.</summary>
    public static NodeStatus? TryOpenOfPod(Func<string, string?> variable) =>
        variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 } host && variable("KUBERNETES_SERVICE_PORT") is { Length: > 0 } port
            ? new NodeStatus(
                new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/"),
                "/var/run/secrets/kubernetes.io/serviceaccount")
            : null;

    /// <summary>Writes the EPC of a node and its label; takes both away where there is none.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public async Task PublishAsync(string node, NodeEpc epc, CancellationToken cancellation)
    {
        var path = $"api/v1/nodes/{Uri.EscapeDataString(node)}";
        var label = new JsonObject { [Label] = epc.Bytes > 0 ? epc.Platform : null };
        await PatchAsync(path, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = label } }, cancellation).ConfigureAwait(false);
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
        await PatchAsync($"{path}/status", new JsonObject { ["status"] = status }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Lists the nodes on which EPC is published.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation)
    {
        var answer = await SendAsync(HttpMethod.Get, $"api/v1/nodes?labelSelector={Label}", null, cancellation).ConfigureAwait(false);
        return [.. ((JsonNode.Parse(answer) as JsonObject)?["items"] as JsonArray ?? [])
            .Select(node => (string?)node?["metadata"]?["name"]).OfType<string>()];
    }

    /// <inheritdoc/>
    public void Dispose() => api.Dispose();

    private Task<string> PatchAsync(string path, JsonObject patch, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Patch, path, new StringContent(patch.ToJsonString(), new MediaTypeHeaderValue(MergePatch)), cancellation);

    private async Task<string> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };

        // Kubernetes exchanges the token while the pod runs.
        var token = (await File.ReadAllTextAsync(tokenFile, cancellation).ConfigureAwait(false)).Trim();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await api.SendAsync(request, cancellation).ConfigureAwait(false);
        var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        return answer.IsSuccessStatusCode
            ? text
            : throw new HttpRequestException($"the API server answers {(int)answer.StatusCode} to {method} {path}: {ReadMessage(text)}");
    }

    private static string ReadMessage(string text)
    {
        try
        {
            return (string?)(JsonNode.Parse(text) as JsonObject)?["message"] ?? "it gives no reason";
        }
        catch (Exception failure) when (failure is System.Text.Json.JsonException or InvalidOperationException)
        {
            return "it gives no reason";
        }
    }
}
