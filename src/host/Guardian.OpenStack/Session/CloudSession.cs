using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.OpenStack.Configuration;
using Guardian.Refusals;

namespace Guardian.OpenStack.Session;

/// <summary>
/// A user's way into a cloud: it gets a token, finds services in the catalog, and retries requests that a service could not answer.
/// </summary>
/// <remarks>Thread-safe. Every call throws <see cref="RefusedException"/> with a reason of <see cref="CloudReasons"/>.</remarks>
public sealed class CloudSession : IDisposable
{
    // The largest answers are usage reports of large projects, which come in pages.
    private const int MaxResponseSize = 64 * 1024 * 1024;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    // A token is renewed early, so that it does not expire while a service handles a request.
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    private readonly CloudSettings settings;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly SemaphoreSlim authenticating = new(1);
    private readonly ConcurrentDictionary<string, bool> answers = new();
    private Token? token;

    /// <param name="settings">The cloud and the user.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">Sends requests; null uses the network.</param>
    public CloudSession(CloudSettings settings, TimeProvider time, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        this.settings = settings;
        this.time = time;
        http = new HttpClient(handler ?? CreateHandler(settings), disposeHandler: true)
        {
            Timeout = settings.Timeout,
            MaxResponseContentBufferSize = MaxResponseSize,
        };
    }

    /// <summary>
    /// Whether each service answered when it was asked last, by its name: <c>keystone</c>, <c>placement</c>, <c>nova</c>. A service that
    /// is out of order, or that does not take the credentials, counts as one that gave no answer. A service that was never asked is absent.
    /// </summary>
    public IReadOnlyDictionary<string, bool> Answers => answers;

    /// <summary>Reads the project that the token is for; null when it is for none.</summary>
    public async Task<string?> GetProjectAsync(CancellationToken cancellation = default) =>
        (await GetTokenAsync(null, cancellation).ConfigureAwait(false)).Content.Project?.Id;

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        authenticating.Dispose();
    }

    /// <summary>Finds the region of a service's endpoint; null when the catalog names none.</summary>
    internal async Task<string?> FindRegionAsync(ServiceKind service, CancellationToken cancellation)
    {
        var endpoint = FindInCatalog(await GetTokenAsync(null, cancellation).ConfigureAwait(false), service);
        return endpoint?.RegionId ?? endpoint?.Region;
    }

    /// <summary>Sends a request and reads the answer's JSON.</summary>
    internal async Task<T> SendAsync<T>(ServiceRequest request, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var body = await SendAsync(request, cancellation).ConfigureAwait(false);
        try
        {
            return StrictJson.Read(body, type);
        }
        catch (JsonException failure)
        {
            answers[request.Service.Name] = false;
            throw new RefusedException(
                CloudReasons.BadAnswer.Because($"{request}: the answer is not what {request.Service.Name} documents ({failure.Message})"),
                failure);
        }
    }

    /// <summary>Sends a request. Retries if the service does not answer or is out of order, and two sendings do no harm.</summary>
    internal async Task<byte[]> SendAsync(ServiceRequest request, CancellationToken cancellation)
    {
        string? refused = null;
        while (true)
        {
            var current = await GetTokenAsync(refused, cancellation).ConfigureAwait(false);
            var address = new Uri(FindEndpoint(current, request.Service), request.Path);
            HttpRequestMessage Create() => request.CreateMessage(address, current.Id);
            using var response = await RetryAsync(
                request.Service, request.ToString(), request.IsRepeatable, Create, cancellation).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Unauthorized && refused is null)
            {
                // The token was revoked, or Keystone's keys were rotated: one new token is worth a retry.
                refused = current.Id;
                continue;
            }
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                answers[request.Service.Name] = false;
            }
            var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? body : throw Explain(request.ToString(), response, body);
        }
    }

    private async Task<Token> GetTokenAsync(string? refused, CancellationToken cancellation)
    {
        await authenticating.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (token is null || token.Id == refused || token.Content.ExpiresAt - time.GetUtcNow() < ExpiryMargin)
            {
                token = await AuthenticateAsync(cancellation).ConfigureAwait(false);
            }
            return token;
        }
        finally
        {
            authenticating.Release();
        }
    }

    private async Task<Token> AuthenticateAsync(CancellationToken cancellation)
    {
        const string Request = "keystone POST auth/tokens";
        var body = AuthRequest.Create(settings);
        var address = new Uri(settings.AuthAddress, "auth/tokens");
        HttpRequestMessage Create() => new(HttpMethod.Post, address) { Content = ServiceRequest.CreateContent(body) };
        using var response = await RetryAsync(
            ServiceKind.Keystone, Request, isRepeatable: true, Create, cancellation).ConfigureAwait(false);
        answers[ServiceKind.Keystone.Name] = response.IsSuccessStatusCode;
        var answer = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw Explain(Request, response, answer);
        }
        try
        {
            var content = StrictJson.Read(answer, TokenJson.Default.TokenAnswer).Token;
            return response.Headers.TryGetValues("X-Subject-Token", out var ids)
                ? new Token(ids.First(), content)
                : throw new JsonException("no token");
        }
        catch (JsonException failure)
        {
            answers[ServiceKind.Keystone.Name] = false;
            throw new RefusedException(
                CloudReasons.BadAnswer.Because($"{settings.AuthAddress} answers, but not as Keystone version 3 does"), failure);
        }
    }

    private static RefusedException Explain(string request, HttpResponseMessage response, byte[] body) =>
        response is { StatusCode: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest, Headers.Location: { } address }
            ? new(CloudReasons.BadAnswer.Because($"{request}: the service is at {address}, which auth_url or the catalog must name"))
            : ServiceError.Read(request, response.StatusCode, body);

    private async Task<HttpResponseMessage> RetryAsync(
        ServiceKind service, string name, bool isRepeatable, Func<HttpRequestMessage> create, CancellationToken cancellation)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await RetryAsync(name, isRepeatable, create, cancellation).ConfigureAwait(false);
            return response;
        }
        finally
        {
            // A caller that gives up has waited too long.
            answers[service.Name] = response is { StatusCode: < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests };
        }
    }

    private async Task<HttpResponseMessage> RetryAsync(
        string name, bool isRepeatable, Func<HttpRequestMessage> create, CancellationToken cancellation)
    {
        var delay = FirstDelay;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = create();
                var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
                var isBusy = response.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests;
                if (!isBusy || !isRepeatable || attempt >= settings.MaxAttempts)
                {
                    return response;
                }
                response.Dispose();
            }
            catch (Exception failure) when (failure is HttpRequestException
                || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                // A request that never reached the service may be sent again, whatever its effect.
                var mayRepeat = isRepeatable || failure is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError,
                };
                if (!mayRepeat || attempt >= settings.MaxAttempts)
                {
                    var cause = failure is TaskCanceledException
                        ? $"nothing came within {settings.Timeout.TotalSeconds:0} s"
                        : failure.Message;
                    throw new RefusedException(CloudReasons.Unreachable.Because($"{name}: no answer: {cause}"), failure);
                }
            }
            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
            delay *= 2;
        }
    }

    private CatalogEndpoint? FindInCatalog(Token current, ServiceKind service) =>
        current.Content.Catalog?.Where(entry => entry.Type == service.Type).SelectMany(entry => entry.Endpoints)
            .FirstOrDefault(endpoint => endpoint.Interface == settings.Interface
                && (settings.Region is null || endpoint.Region == settings.Region || endpoint.RegionId == settings.Region));

    private Uri FindEndpoint(Token current, ServiceKind service)
    {
        var address = settings[$"{service.Type}_endpoint_override"] ?? FindInCatalog(current, service)?.Url;
        if (address is null)
        {
            var place = settings.Region is { } region ? $" in region {region}" : "";
            throw new RefusedException(CloudReasons.Settings.Because(
                $"the catalog has no {settings.Interface} endpoint of {service.Name} ({service.Type}){place}"));
        }
        return Uri.TryCreate(address, UriKind.Absolute, out var known) && known is { Scheme: "http" or "https" }
            ? service.ToAddress(address)
            : throw new RefusedException(CloudReasons.BadAnswer.Because(
                $"the {settings.Interface} endpoint of {service.Name} is no http or https address: {address}"));
    }

    private static SocketsHttpHandler CreateHandler(CloudSettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirection would take a password or a token to an address that nobody configured, and make a GET of a POST.
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (settings.AuthorityFile is { } file)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        return handler;
    }

    private sealed record Token(string Id, TokenContent Content);
}
