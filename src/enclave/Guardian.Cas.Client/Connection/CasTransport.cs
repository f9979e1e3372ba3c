using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization.Metadata;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Connection;

/// <summary>The HTTP side of <see cref="CasClient"/>: bodies, pins and refusals. Thread-safe.</summary>
internal sealed class CasTransport : IDisposable
{
    /// <summary>The HTTP header that carries a <see cref="SessionSignature"/>; it may occur several times.</summary>
    public const string SignatureHeader = "Guardian-Signature";

    /// <summary>The HTTP header that carries the signature of a <see cref="SessionSubmission"/>; it occurs at most once.</summary>
    public const string SubmissionHeader = "Guardian-Submission";

    // A session has at most 1 MiB, and JSON escapes make it longer.
    private const int MaxResponseSize = 8 * 1024 * 1024;

    // A CAS that is busy asks for a second. A longer wait is for its caller to decide.
    private const int MaxAttempts = 8;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    private readonly HttpClient http;
    private readonly bool isPinned;

    /// <summary>Explains why a peer has another role than a CAS that serves; null when nothing else is accepted.</summary>
    public Func<CancellationToken, Task<Refusal?>>? ExplainRole { get; init; }

    public CasTransport(HttpMessageHandler handler, Uri address, CasPins pins, AttestationPolicy policy)
    {
        http = new HttpClient(handler, disposeHandler: true) { BaseAddress = address, MaxResponseContentBufferSize = MaxResponseSize };
        isPinned = pins.Identity is not null;
        Pin(pins, policy);
    }

    /// <summary>The path of a session.</summary>
    public static string PathOf(string name) => $"v1/sessions/{Escape(name)}";

    /// <summary>Escapes a name. Its slashes separate namespaces; every other special character is escaped.</summary>
    public static string Escape(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    /// <summary>Creates a body from a value.</summary>
    public static ReadOnlyMemoryContent CreateJson<T>(T value, JsonTypeInfo<T> type) =>
        CreateContent(JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", signatures: null);

    /// <summary>Creates a body from a session.</summary>
    public static ReadOnlyMemoryContent CreateYaml(ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature>? signatures) =>
        CreateContent(yaml, "application/yaml", signatures);

    /// <summary>Creates a body with signatures in its headers.</summary>
    public static ReadOnlyMemoryContent CreateContent(ReadOnlyMemory<byte> body, string type, IReadOnlyList<SessionSignature>? signatures)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        foreach (var signature in signatures ?? [])
        {
            content.Headers.Add(SignatureHeader, signature.ToString());
        }
        return content;
    }

    /// <summary>Sends a request, and reads the answer. If a busy CAS does not take the request, sends it again.</summary>
    /// <exception cref="RefusedException">The CAS refuses, is not accepted, or does not answer as a CAS.</exception>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(method, path, content, cancellation).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? Read(body, type)
                : throw new RefusedException(ToRefusal(Read(body, CasJson.Default.CasProblem)));
        }
        catch (JsonException failure)
        {
            throw new RefusedException(
                CasReasons.Unreachable.Because($"the answer of {http.BaseAddress} is not what this release expects; is it a CAS?"),
                failure);
        }
        catch (HttpRequestException failure) when (failure.InnerException is RefusedException untrusted)
        {
            var explained = ExplainRole is not null && untrusted.Refusal.Reason == QuoteReasons.WrongRole
                ? await ExplainRole(cancellation).ConfigureAwait(false)
                : null;
            throw new RefusedException(explained ?? ToRefusal(untrusted), untrusted);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new RefusedException(
                CasReasons.Unreachable.Because($"the CAS at {http.BaseAddress} does not answer: {failure.Message}"), failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            // The request is not disposed, because that would dispose its content.
#pragma warning disable CA2000
            var request = new HttpRequestMessage(method, path) { Content = content };
#pragma warning restore CA2000
            var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.TooManyRequests || attempt == MaxAttempts
                || response.Headers.RetryAfter?.Delta is not { } wait || wait > MaxWait)
            {
                return response;
            }
            response.Dispose();
            // Callers that were refused together do not come back together.
            await Task.Delay(wait * (1 + (RandomNumberGenerator.GetInt32(1000) / 1000.0)), cancellation).ConfigureAwait(false);
        }
    }

    private void Pin(CasPins pins, AttestationPolicy policy)
    {
        var headers = http.DefaultRequestHeaders;
        if (pins.Identity is not null)
        {
            headers.Add(CasPins.IdentityHeader, pins.Identity);
        }
        if (pins.Owners is not null)
        {
            headers.Add(CasPins.OwnersHeader, pins.Owners);
        }
        // The CAS that answers may have got its key from earlier code, which the caller must accept as well.
        var code = policy.Identities.SelectMany(identity => identity.MrEnclaves).Distinct().ToList();
        if (code.Count > 0)
        {
            headers.Add(CasPins.CodeHeader, string.Join(',', code));
        }
    }

    private static T Read<T>(byte[] body, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");

    private static Refusal ToRefusal(CasProblem problem) => CasReasons.FromWire(problem.Title, problem.Status).Because(problem.Detail) with
    {
        Problems = problem.Problems,
    };

    private Refusal ToRefusal(RefusedException untrusted)
    {
        // The role is right and the identity is not, unless no identity was demanded.
        var reason = isPinned && untrusted.Refusal.Reason == QuoteReasons.WrongRole ? CasReasons.OtherCas : CasReasons.NotTrusted;
        var refusal = reason.Because($"the CAS at {http.BaseAddress} is not accepted: {untrusted.Message}") with
        {
            Problems = untrusted.Refusal.Problems,
        };
        return untrusted.Refusal.Problems.Any(problem => problem.StartsWith("platform:", StringComparison.Ordinal))
            ? refusal with { Remedy = "a simulated platform protects nothing; accept it with --platform simulated only to try things out" }
            : refusal;
    }
}
