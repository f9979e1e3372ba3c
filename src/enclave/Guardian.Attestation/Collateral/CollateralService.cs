using System.Net;
using System.Text;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Fetches collateral from Intel's Provisioning Certification Service, version 4, or from a caching service (PCCS) with the same interface.
/// The answers are not trusted: they are signed, and verification does not depend on their origin. Thread-safe.
/// </summary>
/// <param name="http">A client whose base address comes from <see cref="BaseAddress"/>; its timeout and size limit bound the
/// answers.</param>
/// <param name="rootListAddress">The address of the root's revocation list, for services without it; null is Intel's own.</param>
public sealed class CollateralService(HttpClient http, Uri? rootListAddress = null)
{
    // Intel publishes the root's list at the address in the certificates; caching services serve it themselves.
    private static readonly Uri IntelRootList = new("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");

    private static readonly string[] Endings = ["sgx/certification/v4/", "sgx/certification/v3/"];

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
    /// <param name="early">Whether to fetch the TCB info and identity that Intel will apply at the next TCB recovery.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The collateral, not verified.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="platform"/> is null.</exception>
    /// <exception cref="HttpRequestException">The service does not answer, or does not have the collateral.</exception>
    /// <exception cref="InvalidDataException">An answer lacks its issuer chain.</exception>
    /// <exception cref="OperationCanceledException">The client's timeout passed, or <paramref name="cancellation"/> was
    /// cancelled.</exception>
    public async Task<QuoteCollateral> FetchAsync(PlatformId platform, bool early = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var tee = platform.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var tcbInfo = await GetAsync(
            $"{tee}/certification/v4/tcb?fmspc={platform.Fmspc}{(early ? "&update=early" : "")}", cancellation,
            "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain").ConfigureAwait(false);
        var qeIdentity = await GetAsync(
            $"{tee}/certification/v4/qe/identity{(early ? "?update=early" : "")}", cancellation,
            "SGX-Enclave-Identity-Issuer-Chain").ConfigureAwait(false);
        var pckList = await GetAsync(
            $"sgx/certification/v4/pckcrl?ca={platform.Authority}&encoding=der", cancellation,
            "SGX-PCK-CRL-Issuer-Chain").ConfigureAwait(false);
        return new QuoteCollateral
        {
            TcbInfo = tcbInfo.Body,
            TcbInfoIssuerChain = tcbInfo.Chain,
            QeIdentity = qeIdentity.Body,
            QeIdentityIssuerChain = qeIdentity.Chain,
            PckCrl = pckList.Body,
            PckCrlIssuerChain = pckList.Chain,
            RootCaCrl = await GetRootListAsync(cancellation).ConfigureAwait(false),
        };
    }

    private async Task<byte[]> GetRootListAsync(CancellationToken cancellation)
    {
        using var response = await http
            .GetAsync(new Uri("sgx/certification/v4/rootcacrl", UriKind.Relative), cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)
            : response.StatusCode == HttpStatusCode.NotFound
                ? await http.GetByteArrayAsync(rootListAddress ?? IntelRootList, cancellation).ConfigureAwait(false)
                : throw Fail(response);
    }

    // The issuer chain comes in a header, as PEM with its line breaks percent-encoded.
    private async Task<(byte[] Body, byte[] Chain)> GetAsync(string path, CancellationToken cancellation, params string[] chainHeaders)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw Fail(response);
        }
        var chain = chainHeaders
            .SelectMany(header => response.Headers.TryGetValues(header, out var values) ? values : []).FirstOrDefault()
            ?? throw new InvalidDataException(
                $"{response.RequestMessage?.RequestUri} answered without {chainHeaders[0]}; is it a provisioning certification service?");
        var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        return (body, Encoding.UTF8.GetBytes(Uri.UnescapeDataString(chain)));
    }

    private static HttpRequestException Fail(HttpResponseMessage response) => new(
        $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode}"
        + (response.StatusCode == HttpStatusCode.NotFound ? ": the service does not know this platform" : ""), null, response.StatusCode);
}
