using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Web;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.RaTls;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Files;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>Gets evidence from where the user has it: a file, standard input, or a server.</summary>
internal static class EvidenceSource
{
    // Of MarbleRun's coordinator, present and former versions.
    private static readonly string[] CoordinatorPaths = ["/api/v2/quote", "/quote"];

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Reads and recognises evidence.</summary>
    /// <param name="place">A file, <c>-</c>, or the address of a server, with a path or without.</param>
    /// <param name="nonce">The nonce of <c>--nonce</c>, for which a coordinator is asked; null without one. The nonce in an address counts
    /// as well.</param>
    /// <returns>The evidence, or a refusal that names the form that was seen.</returns>
    /// <exception cref="RefusedException">The file is missing, or the server cannot be reached.</exception>
    public static async Task<Outcome<Envelope>> ReadAsync(string place, string? nonce, CancellationToken cancellation)
    {
        if (!place.Contains("://", StringComparison.Ordinal))
        {
            return WithNonce(EnvelopeReader.Read(ReadFile(place)), nonce);
        }
        if (!Uri.TryCreate(place, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)
        {
            throw CliReasons.Usage.Refuse($"'{place}' is no address of a server: https://HOST, https://HOST:PORT or with a path");
        }
        if (address.UserInfo.Length > 0)
        {
            // Not repeated here: it may hold a password.
            throw CliReasons.Usage.Refuse("the address has a user or password, which no server gets", "give https://HOST:PORT alone");
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            return WithNonce(
                await AskAsync(address, nonce, limit.Token).ConfigureAwait(false),
                nonce ?? HttpUtility.ParseQueryString(address.Query)["nonce"]);
        }
        catch (Exception failure) when (
            failure is HttpRequestException or SocketException or IOException or AuthenticationException or CryptographicException
            || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            var cause = failure is OperationCanceledException ? "it does not answer in time" : failure.Message;
            throw new RefusedException(CliReasons.NoServer.Because($"{address} gives no evidence: {cause}"), failure);
        }
    }

    private static Outcome<Envelope> WithNonce(Outcome<Envelope> found, string? nonce) =>
        nonce is not null && found.Value is { Kind: EnvelopeKind.MarbleRunQuote } answer
            ? answer with { Nonce = DecodeNonce(nonce) }
            : found;

    // MarbleRun demands the padding, and other tools leave it out.
    private static byte[] DecodeNonce(string nonce)
    {
        var text = nonce.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return text.Length > 0 && Base64Url.IsValid(text)
            ? Base64Url.DecodeFromChars(text)
            : throw CliReasons.Usage.Refuse(
                "the nonce of a MarbleRun coordinator is base64url of its bytes", "guardian verify https://HOST --nonce AAECAwQFBgc=");
    }

    private static Uri AddNonce(Uri address, string? nonce) => nonce is null || address.Query.Length > 0
        ? address
        : new Uri(address, $"{address.AbsolutePath}?nonce={Uri.EscapeDataString(Convert.ToBase64String(DecodeNonce(nonce))
            .Replace('+', '-').Replace('/', '_'))}");

    private static byte[] ReadFile(string path)
    {
        using var input = InputFile.Open(path);
        return InputFile.Use(path, () => BoundedFile.Read(input, EnvelopeReader.MaxSize))
            ?? throw CliReasons.TooLarge.Refuse($"{path} has more than {EnvelopeReader.MaxSize} bytes, and evidence is smaller");
    }

    private static async Task<Outcome<Envelope>> AskAsync(Uri address, string? nonce, CancellationToken cancellation)
    {
        if (address.AbsolutePath != "/")
        {
            return await GetAsync(AddNonce(address, nonce), cancellation).ConfigureAwait(false);
        }
        var shown = EnvelopeReader.Read(await GetCertificateAsync(address, cancellation).ConfigureAwait(false));
        if (shown.Refusal?.Reason != QuoteReasons.NoEvidence)
        {
            return shown;
        }
        foreach (var path in CoordinatorPaths)
        {
            try
            {
                var answer = await GetAsync(AddNonce(new Uri(address, path), nonce), cancellation).ConfigureAwait(false);
                if (answer.Value is not null)
                {
                    return answer;
                }
            }
            catch (HttpRequestException failure) when (failure.StatusCode is not null)
            {
                // The server has no such page.
            }
        }
        return shown;
    }

    // TLS proves that the server has the certificate's key; the evidence inside, and nothing else, says whose key it is.
    [SuppressMessage("Security", "CA5359", Justification = "the evidence in the certificate decides, and nothing is sent")]
    private static async Task<byte[]> GetCertificateAsync(Uri address, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.IdnHost, address.Port, cancellation).ConfigureAwait(false);
        using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = address.IdnHost,
                CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            cancellation).ConfigureAwait(false);
        return stream.RemoteCertificate!.GetRawCertData();
    }

    private static async Task<Outcome<Envelope>> GetAsync(Uri address, CancellationToken cancellation)
    {
        var chain = new List<byte[]>();
        using var http = new HttpClient(CreateHandler(chain)) { MaxResponseContentBufferSize = EnvelopeReader.MaxSize };
        var (envelope, refusal) = EnvelopeReader.Read(await http.GetByteArrayAsync(address, cancellation).ConfigureAwait(false));
        if (envelope is null)
        {
            return refusal!;
        }
        return envelope.Kind != EnvelopeKind.MarbleRunQuote || IsIssuedBy(envelope.Certificate.ToArray(), chain)
            ? envelope
            : QuoteReasons.KeyNotBound.Because(
                "the server's certificate is not issued by the root that the coordinator's quote names",
                new RefusalLocation(nameof(QuoteStage.KeyBinding)));
    }

    [SuppressMessage("Security", "CA5359", Justification = "what the server gives is verified by its evidence, and nothing is sent")]
    private static SocketsHttpHandler CreateHandler(List<byte[]> chain) => new()
    {
        AllowAutoRedirect = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
            RemoteCertificateValidationCallback = (_, certificate, shown, _) =>
            {
                chain.Clear();
                chain.Add(certificate!.GetRawCertData());
                chain.AddRange(shown?.ChainPolicy.ExtraStore.Select(each => each.RawData) ?? []);
                return true;
            },
        },
    };

    private static bool IsIssuedBy(byte[] rootDer, List<byte[]> chain)
    {
        if (chain.Count == 0)
        {
            return false;
        }
        var certificates = chain.ConvertAll(X509CertificateLoader.LoadCertificate);
        using var root = X509CertificateLoader.LoadCertificate(rootDer);
        using var built = new X509Chain();
        built.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        built.ChainPolicy.CustomTrustStore.Add(root);
        built.ChainPolicy.ExtraStore.AddRange(certificates.ToArray());
        built.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        built.ChainPolicy.DisableCertificateDownloads = true;
        var isIssued = built.Build(certificates[0]);
        certificates.ForEach(certificate => certificate.Dispose());
        return isIssued;
    }
}
