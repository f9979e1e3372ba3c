using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.OpenStack.Configuration;

namespace Guardian.OpenStack;

/// <summary>
/// A person's or a service's way into a cloud: gets a token, finds services in the catalog, and sends requests again that a service could not answer.
/// Thread-safe.
/// </summary>
public sealed class CloudSession : IDisposable
{
    // The largest answers are usage reports of large projects, which come in pages.
    private const int MaxResponseSize = 64 * 1024 * 1024;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    // A token is renewed before it expires under a request.
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    private readonly CloudSettings settings;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly SemaphoreSlim authenticating = new(1);
    private Token? token;

    /// <param name="handler">Sends requests; null uses the network.</param>
    public CloudSession(CloudSettings settings, TimeProvider time, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        this.settings = settings;
        this.time = time;
        http = new HttpClient(handler ?? CreateHandler(settings), disposeHandler: true) { Timeout = settings.Timeout, MaxResponseContentBufferSize = MaxResponseSize };
    }

    /// <summary>The project that the token is for, or null.</summary>
    /// <exception cref="OpenStackException">Keystone refuses or does not answer; so for every call here.</exception>
    public async Task<string?> GetProjectAsync(CancellationToken cancellation = default) =>
        (await GetTokenAsync(null, cancellation).ConfigureAwait(false)).Content.Project?.Id;

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        authenticating.Dispose();
    }

    /// <summary>Sends a request whose answer's body is read.</summary>
    internal async Task<T> SendAsync<T>(ServiceRequest request, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var body = await SendAsync(request, cancellation).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");
        }
        catch (JsonException failure)
        {
            throw new OpenStackException(OpenStackFailure.BadAnswer, $"{request}: the answer is not what {request.Service.Name} documents ({failure.Message})", failure);
        }
    }

    /// <summary>Sends a request; tries again when the service did not answer or was out of order and doing it twice does no harm.</summary>
    internal async Task<byte[]> SendAsync(ServiceRequest request, CancellationToken cancellation)
    {
        var refused = (string?)null;
        while (true)
        {
            var current = await GetTokenAsync(refused, cancellation).ConfigureAwait(false);
            var address = new Uri(Endpoint(current, request.Service), request.Path);
            using var response = await RetryAsync(request.ToString(), request.IsRepeatable, () => request.Create(address, current.Id), cancellation).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Unauthorized && refused is null)
            {
                // Revoked, or Keystone's keys were rotated: one fresh token is worth a try.
                refused = current.Id;
                continue;
            }
            var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? body : throw ServiceError.From(request.ToString(), response.StatusCode, body);
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
        var body = AuthRequest.Create(settings);
        using var response = await RetryAsync("keystone POST auth/tokens", isRepeatable: true, () => new HttpRequestMessage(HttpMethod.Post, new Uri(settings.AuthAddress, "auth/tokens"))
        {
            Content = ServiceRequest.Json(body),
        }, cancellation).ConfigureAwait(false);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw ServiceError.From("keystone POST auth/tokens", response.StatusCode, answer);
        }
        try
        {
            var content = JsonSerializer.Deserialize(answer, CloudJson.Default.TokenAnswer)?.Token;
            return content is not null && response.Headers.TryGetValues("X-Subject-Token", out var ids) ? new Token(ids.First(), content) : throw new JsonException("no token");
        }
        catch (JsonException failure)
        {
            throw new OpenStackException(OpenStackFailure.BadAnswer, $"{settings.AuthAddress} answers, but not as Keystone version 3 does", failure);
        }
    }

    private async Task<HttpResponseMessage> RetryAsync(string what, bool isRepeatable, Func<HttpRequestMessage> create, CancellationToken cancellation)
    {
        var delay = FirstDelay;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = create();
                var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
                if ((int)response.StatusCode < 500 || !isRepeatable || attempt >= settings.MaxAttempts)
                {
                    return response;
                }
                response.Dispose();
            }
            catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                // What never reached the service may be sent again whatever it does.
                var mayRepeat = isRepeatable || failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };
                if (!mayRepeat || attempt >= settings.MaxAttempts)
                {
                    throw new OpenStackException(OpenStackFailure.Unreachable, $"{what}: no answer: {(failure is TaskCanceledException ? $"nothing came within {settings.Timeout.TotalSeconds:0} s" : failure.Message)}", failure);
                }
            }
            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
            delay *= 2;
        }
    }

    private Uri Endpoint(Token current, ServiceKind service)
    {
        var address = settings[$"{service.Type}_endpoint_override"]
            ?? current.Content.Catalog?.Where(entry => entry.Type == service.Type)
                .SelectMany(entry => entry.Endpoints)
                .FirstOrDefault(endpoint => endpoint.Interface == settings.Interface && (settings.Region is null || endpoint.Region == settings.Region || endpoint.RegionId == settings.Region))?.Url
            ?? throw new OpenStackException(
                OpenStackFailure.Settings, $"the catalog has no {settings.Interface} endpoint of {service.Name} ({service.Type}){(settings.Region is { } region ? $" in region {region}" : "")}");
        return service.Address(address);
    }

    private static SocketsHttpHandler CreateHandler(CloudSettings settings)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(10) };
        if (settings.AuthorityFile is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        return handler;
    }

    private sealed record Token(string Id, TokenContent Content);
}
