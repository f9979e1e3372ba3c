using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Guardian.Kubernetes;

/// <summary>Calls the API server of a cluster with the rights of a pod's service account. Thread-safe.</summary>
/// <remarks>
/// The server and everything that it returns are untrusted: answers are bounded, and readers of objects expect any content.
/// </remarks>
public sealed class ClusterApi : IDisposable
{
    private const string MergePatch = "application/merge-patch+json";
    private const string Json = "application/json";
    private const int MaxAnswer = 64 * 1024 * 1024;

    // An object has at most 1.5 MiB in etcd, and JSON escapes make it longer.
    private const int MaxEvent = 16 * 1024 * 1024;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(15);

    private readonly HttpClient api;
    private readonly HttpClient watcher;
    private readonly string tokenFile;

    /// <summary>Prepares calls; connects to nothing yet.</summary>
    /// <param name="address">The API server's address.</param>
    /// <param name="account">The folder with the service account's <c>ca.crt</c> and <c>token</c>.</param>
    /// <exception cref="IOException">The account has no certificates.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificates are malformed.</exception>
    public ClusterApi(Uri address, string account)
    {
        tokenFile = Path.Combine(account, "token");
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(account, "ca.crt"));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
        api = new HttpClient(handler) { BaseAddress = address, Timeout = CallLimit, MaxResponseContentBufferSize = MaxAnswer };
        watcher = new HttpClient(handler, disposeHandler: false) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Opens the API server of the cluster in which this pod runs.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <returns>The server; null outside of a cluster.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="variable"/> is null.</exception>
    public static ClusterApi? TryOpenOfPod(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 } host && variable("KUBERNETES_SERVICE_PORT") is { Length: > 0 } port
            ? new ClusterApi(
                new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/"),
                "/var/run/secrets/kubernetes.io/serviceaccount")
            : null;
    }

    /// <summary>Reads a path.</summary>
    /// <param name="path">The path, with its query, relative to the server's address.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The answer's text; at most 64 MiB.</returns>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public Task<string> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, Json, cancellation);

    /// <summary>Changes members of an object (RFC 7386).</summary>
    /// <param name="path">The path of the object, or of its status.</param>
    /// <param name="patch">The members.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The answer's text.</returns>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    public Task<string> PatchAsync(string path, JsonObject patch, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Patch, path, patch, MergePatch, cancellation);

    /// <summary>Follows the changes of a collection.</summary>
    /// <param name="path">The path with <c>watch=1</c>, <c>resourceVersion</c> and <c>timeoutSeconds</c>.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>One line of JSON for each change, until the server ends the answer.</returns>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    /// <exception cref="IOException">The connection broke, or a line is longer than 16 MiB.</exception>
    public async IAsyncEnumerable<string> WatchAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = await CreateAsync(HttpMethod.Get, path, null, Json, cancellation).ConfigureAwait(false);
        using var answer = await watcher.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw Refuse(answer.StatusCode, HttpMethod.Get, path, "");
        }
        var stream = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var disposal = stream.ConfigureAwait(false);
        await foreach (var line in LineReader.ReadAsync(stream, MaxEvent, cancellation).ConfigureAwait(false))
        {
            yield return Encoding.UTF8.GetString(line);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watcher.Dispose();
        api.Dispose();
    }

    private async Task<string> SendAsync(HttpMethod method, string path, JsonObject? body, string type, CancellationToken cancellation)
    {
        using var request = await CreateAsync(method, path, body, type, cancellation).ConfigureAwait(false);
        using var answer = await api.SendAsync(request, cancellation).ConfigureAwait(false);
        var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        return answer.IsSuccessStatusCode ? text : throw Refuse(answer.StatusCode, method, path, text);
    }

    private async Task<HttpRequestMessage> CreateAsync(
        HttpMethod method, string path, JsonObject? body, string type, CancellationToken cancellation)
    {
        // Kubernetes exchanges the token while the pod runs.
        var token = (await File.ReadAllTextAsync(tokenFile, cancellation).ConfigureAwait(false)).Trim();
        var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new StringContent(body.ToJsonString(), new MediaTypeHeaderValue(type)),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private static HttpRequestException Refuse(HttpStatusCode status, HttpMethod method, string path, string text) =>
        new($"the API server answers {(int)status} to {method} {path}: {ReadMessage(text)}", null, status);

    private static string ReadMessage(string text)
    {
        try
        {
            return (string?)(JsonNode.Parse(text) as JsonObject)?["message"] ?? "it gives no reason";
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return "it gives no reason";
        }
    }
}
