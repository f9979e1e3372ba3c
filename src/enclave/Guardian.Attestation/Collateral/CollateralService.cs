using System.Net;
using System.Text;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Fetches collateral from Intel's Provisioning Certification Service, version 4, or from a caching service (PCCS) that speaks like it.
/// What comes is
/// not trusted: verifying does not care where it came from. Thread-safe.
/// </summary>
/// <param name="http">Its base address is the service, as <see cref="BaseAddress"/> makes it.</param>
/// <param name="rootListAddress">Where the root's revocation list is, for services that do not have it themselves; null is Intel's own
/// place.</param>
public sealed class CollateralService(HttpClient http, Uri? rootListAddress = null)
{
    // Intel publishes the root's list at an address that stands in the certificates; caching services have it under their own.
    private static readonly Uri IntelRootList = new("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");

    private static readonly string[] Endings = ["sgx/certification/v4/", "sgx/certification/v3/"];

    /// <summary>The service that an address means: with or without a slash at the end, or down to the version, as Intel's own configuration
    /// files have it.</summary>
    public static Uri BaseAddress(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var text = address.GetLeftPart(UriPartial.Path);
        text = text.EndsWith('/') ? text : text + "/";
        var ending = Endings.FirstOrDefault(each => text.EndsWith(each, StringComparison.OrdinalIgnoreCase));
        return new Uri(ending is null ? text : text[..^ending.Length]);
    }

    /// <summary>Fetches all that is needed to verify quotes of a platform.</summary>
    /// <param name="early">Whether TCB info and identity are wanted as Intel will soon apply them, to see what comes.</param>
    /// <exception cref="HttpRequestException">The service does not answer, or does not have it.</exception>
    /// <exception cref="InvalidDataException">The answer lacks its issuer chain.</exception>
    public async Task<QuoteCollateral> FetchAsync(PlatformId platform, bool early = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var tee = platform.Tee == TeeType.Tdx ? "tdx" : "sgx";
        var (also, only) = early ? ("&update=early", "?update=early") : ("", "");
        var tcbInfo = await GetAsync(
            $"{tee}/certification/v4/tcb?fmspc={platform.Fmspc}{also}", cancellation, "TCB-Info-Issuer-Chain",
            "SGX-TCB-Info-Issuer-Chain").ConfigureAwait(false);
        var qeIdentity = await GetAsync($"{tee}/certification/v4/qe/identity{only}", cancellation, "SGX-Enclave-Identity-Issuer-Chain")
            .ConfigureAwait(false);
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
        using var response = await http.GetAsync(new Uri("sgx/certification/v4/rootcacrl", UriKind.Relative), cancellation)
            .ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)
            : response.StatusCode == HttpStatusCode.NotFound
                ? await http.GetByteArrayAsync(rootListAddress ?? IntelRootList, cancellation).ConfigureAwait(false)
                : throw Failed(response);
    }

    // The issuer chain comes in a header, as PEM with its line breaks percent-encoded.
    private async Task<(byte[] Body, byte[] Chain)> GetAsync(string path, CancellationToken cancellation, params string[] chainHeaders)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw Failed(response);
        }
        var chain = chainHeaders.SelectMany(header => response.Headers.TryGetValues(header, out var values) ? values : []).FirstOrDefault()
            ?? throw new InvalidDataException(
                $"{response.RequestMessage?.RequestUri} answered without {chainHeaders[0]}; is it a provisioning certification service?");
        return (await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false),
            Encoding.UTF8.GetBytes(Uri.UnescapeDataString(chain)));
    }

    private static HttpRequestException Failed(HttpResponseMessage response) => new(
        $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode}"
        + (response.StatusCode == HttpStatusCode.NotFound ? ": the service does not know this platform" : ""), null, response.StatusCode);
}
