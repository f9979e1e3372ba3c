using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Guardian.Cli.Tests.Support;

/// <summary>A server on loopback with one page behind TLS.</summary>
internal sealed class TlsPage : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 certificate;
    private readonly string? path;
    private readonly string page;
    private readonly Task serving;

    /// <param name="certificate">Its certificate, which the caller disposes.</param>
    /// <param name="path">The page's path; null for every path.</param>
    /// <param name="page">The page.</param>
    public TlsPage(X509Certificate2 certificate, string? path, string page)
    {
        (this.certificate, this.path, this.page) = (certificate, path, page);
        listener.Start();
        Address = $"https://{listener.LocalEndpoint}";
        serving = ServeAsync();
    }

    public string Address { get; }

    public void Dispose()
    {
        listener.Stop();
        serving.Wait(TimeSpan.FromSeconds(30));
        listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var stream = new SslStream(new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true));
                await AnswerAsync(stream);
            }
        }
        catch (Exception end) when (end is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(SslStream stream)
    {
        try
        {
            // Offline: a server would otherwise look for the issuers of its own certificate.
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            });
            using var reader = new StreamReader(stream, leaveOpen: true);
            var request = await reader.ReadLineAsync();
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }
            var isFound = path is null || request?.StartsWith($"GET {path} ", StringComparison.Ordinal) == true;
            var body = isFound ? page : "";
            await using var writer = new StreamWriter(stream, leaveOpen: true);
            var status = isFound ? "200 OK" : "404 Not Found";
            await writer.WriteAsync(
                $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            // The client does not accept the certificate, or wanted nothing else.
        }
    }
}
