using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Fetches collateral from Intel's Provisioning Certification Service, or from a caching service (PCCS) with the same interface.
/// The answers are not trusted: they are signed, and verification does not depend on their origin. Thread-safe.
/// </summary>
/// <param name="http">A client whose base address comes from <see cref="BaseAddress"/>; its timeout and size limit bound the
/// answers.</param>
/// <param name="rootListAddress">The address of the root's revocation list, for services without it; null is Intel's own.</param>
/// <param name="version">The interface's version: 4, or 3, which gives TCB info of version 2 and knows no TDX.</param>
/// <param name="includesQve">Whether the identity of Intel's quote verification enclave is fetched too, for others who use it.</param>
public sealed class CollateralService(HttpClient http, Uri? rootListAddress = null, int version = 4, bool includesQve = false)
{
    // Intel publishes the root's list at the address in the certificates; caching services serve it themselves.
    private static readonly Uri IntelRootList = new("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");

    private static readonly string[] Endings = ["sgx/certification/v4/", "sgx/certification/v3/"];

    // The longest answer is a revocation list of some hundred KiB.
    private const int MaxAnswerSize = 8 * 1024 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>The service's address, for messages.</summary>
    public string Name => http.BaseAddress?.ToString() ?? "the collateral service";

    /// <summary>Makes the client of a service, with bounds for its answers. The caller disposes it.</summary>
    /// <param name="address">The address, as for <see cref="BaseAddress"/>.</param>
    /// <param name="authorities">The certificates that issue the service's own, such as that of a PCCS; null for the system's.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="address"/> is null.</exception>
    public static HttpClient CreateClient(Uri address, X509Certificate2Collection? authorities = null)
    {
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        if (authorities is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        return new HttpClient(handler)
        {
            BaseAddress = BaseAddress(address),
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxAnswerSize,
        };
    }

    /// <summary>Normalises the address of a service.</summary>
    /// <param name="address">The address with or without a final slash, or with the path down to the version as in Intel's configuration
    /// files.</param>
    /// <returns>The base address, with a final slash.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="address"/> is null.</exception>
    public static Uri BaseAddress(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var text = address.GetLeftPart(UriPartial.Path);
        text = text.EndsWith('/') ? text : text + "/";
        var ending = Endings.FirstOrDefault(each => text.EndsWith(each, StringComparison.OrdinalIgnoreCase));
        return new Uri(ending is null ? text : text[..^ending.Length]);
    }

    /// <summary>Fetches everything that verification of a platform's quotes needs.</summary>
    /// <param name="platform">The platform.</param>
    /// <param name="edition">The edition; null for <see cref="EvaluationSet.Standard"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The collateral, not verified.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="platform"/> is null.</exception>
    /// <exception cref="CollateralServiceException">The service answers with a failure, or does not have the collateral.</exception>
    /// <exception cref="HttpRequestException">The service does not answer.</exception>
    /// <exception cref="InvalidDataException">An answer lacks its issuer chain.</exception>
    /// <exception cref="OperationCanceledException">The client's timeout passed, or <paramref name="cancellation"/> was
    /// cancelled.</exception>
    public async Task<QuoteCollateral> FetchAsync(
        PlatformId platform, EvaluationSet? edition = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var tee = platform.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var parameter = (edition ?? EvaluationSet.Standard).Parameter;
        var tcbInfo = await GetAsync(
            $"{tee}/certification/v{version}/tcb?fmspc={platform.Fmspc}{(parameter.Length > 0 ? "&" + parameter : "")}", cancellation,
            "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain").ConfigureAwait(false);
        var qeIdentity = await GetAsync(
            $"{tee}/certification/v{version}/qe/identity{(parameter.Length > 0 ? "?" + parameter : "")}", cancellation,
            "SGX-Enclave-Identity-Issuer-Chain").ConfigureAwait(false);
        var pckList = await GetAsync(
            $"sgx/certification/v{version}/pckcrl?ca={platform.Authority}&encoding=der", cancellation,
            "SGX-PCK-CRL-Issuer-Chain").ConfigureAwait(false);
        var qveIdentity = includesQve ? await GetQveIdentityAsync(parameter, cancellation).ConfigureAwait(false) : default;
        return new QuoteCollateral
        {
            QveIdentity = qveIdentity.Body,
            QveIdentityIssuerChain = qveIdentity.Chain,
            TcbInfo = tcbInfo.Body,
            TcbInfoIssuerChain = tcbInfo.Chain,
            QeIdentity = qeIdentity.Body,
            QeIdentityIssuerChain = qeIdentity.Chain,
            PckCrl = pckList.Body,
            PckCrlIssuerChain = pckList.Chain,
            RootCaCrl = await GetRootListAsync(cancellation).ConfigureAwait(false),
        };
    }

    /// <summary>Fetches the PCK certificates of a platform, one for each level of its TCB that Intel has certified.</summary>
    /// <param name="encryptedPpid">The platform's PPID, encrypted for Intel: 384 bytes in hex.</param>
    /// <param name="pceId">PCE-ID: 2 bytes, little-endian, in hex.</param>
    /// <param name="subscriptionKey">The operator's key for Intel's service; a secret.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>PEM, not verified: the certificates, their issuer, the root.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The service's address has no TLS, and would show the key to others.</exception>
    /// <exception cref="CollateralServiceException">The service answers with a failure, or does not know the platform.</exception>
    /// <exception cref="HttpRequestException">The service does not answer.</exception>
    /// <exception cref="InvalidDataException">The answer is malformed, or has no certificate.</exception>
    /// <exception cref="OperationCanceledException">The client's timeout passed, or <paramref name="cancellation"/> was
    /// cancelled.</exception>
    public async Task<byte[]> FetchPckCertificatesAsync(
        string encryptedPpid, string pceId, string subscriptionKey, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(encryptedPpid);
        ArgumentNullException.ThrowIfNull(pceId);
        ArgumentNullException.ThrowIfNull(subscriptionKey);
        if (http.BaseAddress is { } address && address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
        {
            throw new InvalidOperationException($"{address} would get the subscription key without encryption");
        }
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri($"sgx/certification/v{version}/pckcerts?encrypted_ppid={encryptedPpid}&pceid={pceId}", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Ocp-Apim-Subscription-Key", subscriptionKey);
        var (body, chain) = await SendAsync(request, cancellation, "SGX-PCK-Certificate-Issuer-Chain").ConfigureAwait(false);
        return PckCertificatesAnswer.TryRead(body) is { Count: > 0 } certificates
            ? [.. Encoding.UTF8.GetBytes(string.Join('\n', [.. certificates, ""])), .. chain]
            : throw new InvalidDataException($"{Name} gave no PCK certificate for the platform");
    }

    private async Task<byte[]> GetRootListAsync(CancellationToken cancellation)
    {
        using var response = await http
            .GetAsync(new Uri($"sgx/certification/v{version}/rootcacrl", UriKind.Relative), cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)
            : response.StatusCode == HttpStatusCode.NotFound
                ? await http.GetByteArrayAsync(rootListAddress ?? IntelRootList, cancellation).ConfigureAwait(false)
                : throw Fail(response);
    }

    // Verification does without it, so a service that does not have it is good enough.
    private async Task<(byte[]? Body, byte[]? Chain)> GetQveIdentityAsync(string parameter, CancellationToken cancellation)
    {
        try
        {
            return await GetAsync(
                $"sgx/certification/v{version}/qve/identity{(parameter.Length > 0 ? "?" + parameter : "")}", cancellation,
                "SGX-Enclave-Identity-Issuer-Chain").ConfigureAwait(false);
        }
        catch (CollateralServiceException failure) when (failure.StatusCode == HttpStatusCode.NotFound)
        {
            return default;
        }
    }

    private async Task<(byte[] Body, byte[] Chain)> GetAsync(string path, CancellationToken cancellation, params string[] chainHeaders)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        return await SendAsync(request, cancellation, chainHeaders).ConfigureAwait(false);
    }

    // The issuer chain comes in a header, as PEM with its line breaks percent-encoded.
    private async Task<(byte[] Body, byte[] Chain)> SendAsync(
        HttpRequestMessage request, CancellationToken cancellation, params string[] chainHeaders)
    {
        using var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw Fail(response);
        }
        var chain = chainHeaders
            .SelectMany(header => response.Headers.TryGetValues(header, out var values) ? values : []).FirstOrDefault()
            ?? throw new InvalidDataException(
                $"{response.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Path)} answered without {chainHeaders[0]}; "
                + "is it a provisioning certification service?");
        var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        return (body, Encoding.UTF8.GetBytes(Uri.UnescapeDataString(chain)));
    }

    private static CollateralServiceException Fail(HttpResponseMessage response) => new(
        $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode}"
        + response.StatusCode switch
        {
            HttpStatusCode.NotFound => ": the service does not know this platform",
            HttpStatusCode.Gone => ": Intel does not give this edition any more",
            _ => "",
        },
        response.StatusCode, ReadRetryAfter(response));

    private static TimeSpan? ReadRetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // The service's own clock tells how long its instant is away.
        { Date: { } date } when response.Headers.Date is { } now && date > now => date - now,
        _ => null,
    };
}
