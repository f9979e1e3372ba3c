using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Cas.Client;

/// <summary>Talks to a CAS over RA-TLS; the CAS is verified against the policy before a byte is sent. Thread-safe.</summary>
public sealed class CasClient : IDisposable
{
    /// <summary>The header that carries a <see cref="SessionSignature"/>; it may stand several times.</summary>
    public const string SignatureHeader = "Guardian-Signature";

    // A session has at most 1 MiB; as JSON with escapes somewhat more.
    private const int MaxResponseSize = 8 * 1024 * 1024;

    private readonly HttpClient http;

    /// <param name="address">The CAS, <c>https://host:port</c>.</param>
    /// <param name="policy">Which CAS is accepted.</param>
    /// <param name="clientCertificate">A person's certificate, or an enclave's RA-TLS certificate.</param>
    /// <param name="time">The clock for evidence and certificates.</param>
    /// <param name="verifier">Verifies the evidence of the CAS.</param>
    /// <param name="onVerified">Receives what each handshake verified, or null.</param>
    public CasClient(
        Uri address, AttestationPolicy policy, X509Certificate2? clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null) =>
        http = new HttpClient(RaTlsTransport.CreateHandler(policy, null, clientCertificate, time, verifier, onVerified), disposeHandler: true)
        {
            BaseAddress = address,
            MaxResponseContentBufferSize = MaxResponseSize,
        };

    /// <summary>Creates a session.</summary>
    /// <param name="signatures">Of others, where the namespace demands them.</param>
    /// <exception cref="CasException">Refused or unreachable; so for every call here.</exception>
    public Task<SessionDescription> CreateAsync(ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature>? signatures = null, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "v1/sessions", Signed(yaml, "application/yaml", signatures), CasJson.Default.SessionDescription, cancellation);

    /// <summary>Replaces a session; the document names its predecessor.</summary>
    /// <param name="signatures">Of others, where the session's policy demands them.</param>
    public Task<SessionDescription> UpdateAsync(
        string name, ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature>? signatures = null, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, Path(name), Signed(yaml, "application/yaml", signatures), CasJson.Default.SessionDescription, cancellation);

    /// <summary>Reads a session as it was uploaded.</summary>
    public Task<SessionDescription> ReadAsync(string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, Path(name), null, CasJson.Default.SessionDescription, cancellation);

    /// <summary>Names of the sessions right below a session.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string name, CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Get, $"v1/sessions?below={Uri.EscapeDataString(name)}", null, CasJson.Default.SessionList, cancellation).ConfigureAwait(false)).Names;

    /// <summary>The key, 32 bytes, that decrypts a service's standard streams; for whom its session names as reader.</summary>
    public async Task<byte[]> ReadStdioKeyAsync(string session, string service, CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Get, $"v1/stdio-keys/{Escape(service)}?session={Uri.EscapeDataString(session)}", null, CasJson.Default.StdioKeyDescription, cancellation).ConfigureAwait(false)).Key;

    /// <summary>Gets a service's startup configuration; called by an enclave with its RA-TLS certificate.</summary>
    public Task<StartupConfiguration> ConfigureAsync(string session, string service, CancellationToken cancellation = default)
    {
        var request = JsonSerializer.SerializeToUtf8Bytes(new ConfigurationRequest(session, service), CasJson.Default.ConfigurationRequest);
        return SendAsync(HttpMethod.Post, "v1/configurations", Content(request, "application/json"), CasJson.Default.StartupConfiguration, cancellation);
    }

    /// <summary>Reads the freshness tag of a volume, or a tag that the session names; called by an admitted enclave.</summary>
    /// <returns>32 bytes, or null when it was never set.</returns>
    public async Task<byte[]?> ReadTagAsync(string session, string name, CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Get, $"v1/tags/{Escape(name)}?session={Uri.EscapeDataString(session)}", null, CasJson.Default.TagDescription, cancellation).ConfigureAwait(false)).Tag;

    /// <summary>Moves a tag, if it is what the caller expects; called by an admitted enclave.</summary>
    /// <param name="expected">32 bytes, or null when it must never have been set.</param>
    /// <param name="next">32 bytes.</param>
    /// <returns>Whether it was moved, and then is durable; if not, what it is instead. After <see cref="CasFailure.Unreachable"/> it may have been moved or not: read it.</returns>
    public Task<TagOutcome> SetTagAsync(string session, string name, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> next, CancellationToken cancellation = default)
    {
        // An array that is null arrives as memory that is there and empty.
        var from = expected is { IsEmpty: false } given ? given.ToArray() : null;
        var change = JsonSerializer.SerializeToUtf8Bytes(new TagChange(session, name, from, next.ToArray()), CasJson.Default.TagChange);
        return SendAsync(HttpMethod.Put, $"v1/tags/{Escape(name)}", Content(change, "application/json"), CasJson.Default.TagOutcome, cancellation);
    }

    /// <summary>Lines of the audit log after a number, and its signed end.</summary>
    public Task<AuditPage> ReadAuditAsync(long after, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"v1/audit?after={after}"), null, CasJson.Default.AuditPage, cancellation);

    /// <summary>Makes people the owners of a CAS that has none.</summary>
    public Task<OwnersDescription> ClaimAsync(OwnersClaim claim, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "v1/owners", Content(JsonSerializer.SerializeToUtf8Bytes(claim, CasJson.Default.OwnersClaim), "application/json"), CasJson.Default.OwnersDescription, cancellation);

    /// <summary>Puts other people in the place of the owners.</summary>
    /// <param name="change">An <see cref="OwnersChange"/> in JSON, exactly as it was signed.</param>
    /// <param name="signatures">Of present owners; the caller counts as well, if it is one.</param>
    public Task<OwnersDescription> ChangeOwnersAsync(ReadOnlyMemory<byte> change, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, "v1/owners", Signed(change, "application/json", signatures), CasJson.Default.OwnersDescription, cancellation);

    /// <summary>The owners; no keys when nobody has claimed it.</summary>
    public Task<OwnersDescription> ReadOwnersAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/owners", null, CasJson.Default.OwnersDescription, cancellation);

    /// <summary>The encrypted shares of a CAS in recovery.</summary>
    public Task<RecoveryDescription> ReadRecoveryAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/recovery", null, CasJson.Default.RecoveryDescription, cancellation);

    /// <summary>Gives a CAS in recovery one's decrypted share.</summary>
    public Task<RecoveryProgress> GiveShareAsync(ShareGift gift, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "v1/recovery", Content(JsonSerializer.SerializeToUtf8Bytes(gift, CasJson.Default.ShareGift), "application/json"), CasJson.Default.RecoveryProgress, cancellation);

    /// <summary>The store's key; called by another enclave of the same CAS.</summary>
    public async Task<byte[]> ReadStoreKeyAsync(CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Post, "v1/store-key", null, CasJson.Default.StoreKeyDescription, cancellation).ConfigureAwait(false)).Key;

    /// <summary>The certificate, PEM, that Gramine's clients trust the CAS by.</summary>
    public async Task<string> ReadProvisioningCertificateAsync(CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Get, "v1/provisioning", null, CasJson.Default.ProvisioningDescription, cancellation).ConfigureAwait(false)).Certificate;

    /// <summary>Verifies the CAS, and that it serves.</summary>
    public Task<CasHealth> CheckAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/health", null, CasJson.Default.CasHealth, cancellation);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    // A name may have slashes; whatever else a caller types is no part of the address.
    private static string Path(string name) => $"v1/sessions/{Escape(name)}";

    private static string Escape(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    private static ReadOnlyMemoryContent Signed(ReadOnlyMemory<byte> document, string type, IReadOnlyList<SessionSignature>? signatures)
    {
        var content = Content(document, type);
        foreach (var signature in signatures ?? [])
        {
            content.Headers.Add(SignatureHeader, signature.ToString());
        }
        return content;
    }

    private static ReadOnlyMemoryContent Content(ReadOnlyMemory<byte> body, string type)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");
            }
            var problem = JsonSerializer.Deserialize(body, CasJson.Default.CasProblem) ?? throw new JsonException("null");
            throw new CasException(Enum.TryParse(problem.Title, out CasFailure failure) ? failure : CasFailure.Invalid, problem.Detail, problem.Problems);
        }
        catch (JsonException failure)
        {
            throw new CasException(CasFailure.Unreachable, $"the answer of {http.BaseAddress} is not what this release expects; is it a CAS?", [], failure);
        }
        catch (HttpRequestException failure) when (failure.InnerException is RefusedException refused)
        {
            throw new CasException(
                CasFailure.NotTrusted, $"the CAS at {http.BaseAddress} is not accepted: {refused.Message}",
                refused.Refusal.Problems, refused);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new CasException(CasFailure.Unreachable, $"the CAS at {http.BaseAddress} does not answer: {failure.Message}", [], failure);
        }
    }
}
