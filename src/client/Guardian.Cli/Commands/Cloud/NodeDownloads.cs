using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>The options that say how hosts' daemons are asked, and the questions.</summary>
internal sealed class NodeDownloads
{
    // A year of a host that starts a thousand servers a day has 300 MB.
    private const long MaxAnswerSize = 1024L * 1024 * 1024;
    private const int MaxTokenSize = 4096;
    private const int MaxSentence = 300;

    private readonly Option<string?> authority = new("--node-ca")
    {
        Description = "Certificates that issue those of the hosts' daemons, PEM. Without it, this machine's trusted ones.",
        HelpName = "FILE",
    };
    private readonly Option<string?> tokenFile = new("--node-token-file")
    {
        Description = "The file with the token that the hosts' daemons ask for (meter.token_file).",
        HelpName = "FILE",
    };

    public IReadOnlyList<Option> All => [authority, tokenFile];

    /// <summary>Makes a client that trusts and identifies itself as the options say.</summary>
    /// <exception cref="RefusedException">A file is missing or malformed.</exception>
    public HttpClient Connect(ParseResult arguments)
    {
        var handler = new SocketsHttpHandler();
        if (arguments.GetValue(authority) is { } path)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    DisableCertificateDownloads = true,
                },
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(CertificatesFile.Read(path));
        }
        var client = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswerSize };
        if (arguments.GetValue(tokenFile) is { } file)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ReadToken(file));
        }
        return client;
    }

    private static string ReadToken(string file)
    {
        var token = Encoding.UTF8.GetString(InputFile.ReadBytes(file, MaxTokenSize)).Trim();
        return token.Length > 0 && token.All(character => character is > ' ' and < (char)127)
            ? token
            : throw CliReasons.BadFile.Refuse($"{file} has no token: one line of printable characters without blanks");
    }

    /// <summary>Downloads a host's journal, as far as it tells of the time from an instant on.</summary>
    /// <exception cref="RefusedException">The host does not give it.</exception>
    public static Task<byte[]> DownloadJournalAsync(HttpClient client, Uri node, DateTimeOffset from, CancellationToken cancellation) =>
        DownloadAsync(client, node, $"/v1/journal?begin={from.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", "journal", cancellation);

    /// <summary>Downloads a daemon's metrics.</summary>
    /// <exception cref="RefusedException">The host does not give them.</exception>
    public static Task<byte[]> DownloadMetricsAsync(HttpClient client, Uri node, CancellationToken cancellation) =>
        DownloadAsync(client, node, "/metrics", "metrics", cancellation);

    private static async Task<byte[]> DownloadAsync(HttpClient client, Uri node, string path, string what, CancellationToken cancellation)
    {
        // Everyone on the way could read the token, and use it.
        if (client.DefaultRequestHeaders.Authorization is not null && node.Scheme != Uri.UriSchemeHttps && !node.IsLoopback)
        {
            throw CliReasons.TokenInClear.Refuse($"{node} would get the token without encryption");
        }
        try
        {
            using var answer = await client.GetAsync(new Uri(node, path), cancellation).ConfigureAwait(false);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return answer.IsSuccessStatusCode
                ? body
                : throw CliReasons.NoNode.Refuse($"{node} does not give its {what}: {Explain(answer.StatusCode, body)}");
        }
        catch (Exception failure) when (
            failure is HttpRequestException || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new RefusedException(
                CliReasons.NoNode.Because($"{node} does not give its {what}: {failure.InnerException?.Message ?? failure.Message}"),
                failure);
        }
    }

    private static string Explain(HttpStatusCode status, ReadOnlySpan<byte> body) => status == HttpStatusCode.Unauthorized
        ? "it asks for a token (--node-token-file)"
        : $"{(int)status} {Format.Printable(Encoding.UTF8.GetString(body[..Math.Min(body.Length, MaxSentence)]).Trim())}";
}
