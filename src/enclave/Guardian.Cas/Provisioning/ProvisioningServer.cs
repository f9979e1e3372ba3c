using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Guardian.Cas.Client;
using Guardian.Cas.Store;
using Guardian.Hosting;

namespace Guardian.Cas.Provisioning;

/// <summary>
/// Serves the secret provisioning that Gramine's own client speaks, so that an unmodified program under Gramine gets its key from a session
/// (docs/spec/session.md, "Gramine").
/// </summary>
/// <remarks>
/// Inside TLS, whose client certificate is RA-TLS:
/// <code>
///   client:  "SECRET_PROVISION_RA_TLS_REQUEST_V1" NUL
///   server:  "SECRET_PROVISION_RA_TLS_RESPONSE_V1:" NUL | uint32 size, big-endian | secret
/// </code>
/// The protocol has no word for a refusal: the connection ends, and the operator reads why.
/// </remarks>
internal sealed class ProvisioningServer : IAsyncDisposable
{
    // A handshake and 35 bytes. Whoever takes longer is holding connections open.
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private const int MaxConnections = 64;

    private readonly TcpListener listener;
    private readonly CasService service;
    private readonly ProvisioningAuthority authority;
    private readonly ConfigurationRequest? unnamed;
    private readonly Action<string> report;
    private readonly TimeSpan limit;
    private readonly PartitionedRateLimiter<IPAddress?> limiter = PeerAddress.Limit(MaxConnections / 2);
    private readonly SemaphoreSlim free = new(MaxConnections);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;

    private ProvisioningServer(TcpListener listener, CasService service, ProvisioningAuthority authority, ConfigurationRequest? unnamed, Action<string> report, TimeSpan limit)
    {
        (this.listener, this.service, this.authority, this.unnamed, this.report, this.limit) = (listener, service, authority, unnamed, report, limit);
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public EndPoint Address => listener.LocalEndpoint;

    private static ReadOnlySpan<byte> Request => "SECRET_PROVISION_RA_TLS_REQUEST_V1\0"u8;

    private static ReadOnlySpan<byte> Response => "SECRET_PROVISION_RA_TLS_RESPONSE_V1:\0"u8;

    /// <summary>Starts to listen.</summary>
    /// <param name="unnamed">What clients get that ask for no service by name; null refuses them.</param>
    /// <param name="report">Is told why a client was refused. The words hold no secret.</param>
    /// <param name="limit">After which a connection is given up that has not got its answer; half a minute when it is null.</param>
    /// <exception cref="SocketException">The address is taken, or not of this machine.</exception>
    public static ProvisioningServer Start(
        IPEndPoint address, CasService service, ProvisioningAuthority authority, ConfigurationRequest? unnamed, Action<string> report, TimeSpan? limit = null)
    {
        var listener = new TcpListener(address);
        listener.Start();
        return new ProvisioningServer(listener, service, authority, unnamed, report, limit ?? DefaultLimit);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        listener.Dispose();
        await accepting.ConfigureAwait(false);
        // Connections that still run were told to end, and give their places back.
        for (var i = 0; i < MaxConnections; i++)
        {
            await free.WaitAsync().ConfigureAwait(false);
        }
        free.Dispose();
        await limiter.DisposeAsync().ConfigureAwait(false);
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await free.WaitAsync(ending.Token).ConfigureAwait(false);
                TcpClient? connection = null;
                try
                {
                    connection = await TryAcceptAsync().ConfigureAwait(false);
                }
                finally
                {
                    // Else the connection gives its place back at its end.
                    if (connection is null)
                    {
                        free.Release();
                    }
                }
                if (connection is not null)
                {
                    _ = ServeAsync(connection);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private async Task<TcpClient?> TryAcceptAsync()
    {
        try
        {
            return await listener.AcceptTcpClientAsync(ending.Token).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // A client that gave up before it was accepted, or no descriptor that is free: not at once again.
            await Task.Delay(Pause, ending.Token).ConfigureAwait(false);
            return null;
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using var overdue = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        overdue.CancelAfter(limit);
        try
        {
            using var lease = limiter.AttemptAcquire(((IPEndPoint)connection.Client.RemoteEndPoint!).Address);
            if (!lease.IsAcquired)
            {
                return;
            }
            var stream = new SslStream(connection.GetStream());
            await using (stream.ConfigureAwait(false))
            {
                await ServeAsync(stream, ((IPEndPoint)connection.Client.LocalEndPoint!).Address, overdue.Token).ConfigureAwait(false);
            }
        }
        catch (CasException refused)
        {
            report(string.Join("; ", [$"refused to provision: {refused.Message}", .. refused.Problems]));
        }
        catch (Exception damaged) when (damaged is InvalidDataException or StoreException)
        {
            report(damaged.Message);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException or OperationCanceledException or CryptographicException)
        {
            // The client broke off, is no client, or was too slow.
        }
        finally
        {
            connection.Dispose();
            free.Release();
        }
    }

    [SuppressMessage("Security", "CA5398", Justification = "Gramine's client speaks TLS 1.2 or 1.3, as it was built")]
    [SuppressMessage("Security", "CA5359", Justification = "TLS proves that the client holds the key; the quote in its certificate is verified before anything is sent")]
    private async Task ServeAsync(SslStream stream, IPAddress local, CancellationToken cancellation)
    {
        var name = "";
        X509Certificate2? certificate = null;
        try
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    name = hello.ServerName.All(char.IsAscii) ? hello.ServerName : "";
                    certificate = authority.Issue(name, local);
                    return ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                        ClientCertificateRequired = true,
                        // A resumed connection would show no certificate.
                        AllowTlsResume = false,
                        RemoteCertificateValidationCallback = (_, _, _, _) => true,
                    });
                },
                null, cancellation).ConfigureAwait(false);
            var request = new byte[Request.Length];
            await stream.ReadExactlyAsync(request, cancellation).ConfigureAwait(false);
            if (request.AsSpan().SequenceEqual(Request))
            {
                await AnswerAsync(stream, name, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            certificate?.Dispose();
        }
    }

    private async Task AnswerAsync(SslStream stream, string name, CancellationToken cancellation)
    {
        var target = Target(name)
            ?? throw new CasException(CasFailure.NotFound, $"the client asked for '{name}', which is not SERVICE.SESSION, and nothing is set for such clients", []);
        var secret = await service.ProvisionAsync(target, stream.RemoteCertificate?.GetRawCertData()).ConfigureAwait(false);
        var answer = new byte[Response.Length + sizeof(uint) + secret.Length];
        try
        {
            Response.CopyTo(answer);
            BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(Response.Length), secret.Length);
            secret.CopyTo(answer.AsSpan(Response.Length + sizeof(uint)));
            await stream.WriteAsync(answer, cancellation).ConfigureAwait(false);
            await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
            // The client ends the connection when it has read everything; ended here, unread answers could be lost.
            while (await stream.ReadAsync(new byte[256], cancellation).ConfigureAwait(false) > 0)
            {
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer);
        }
    }

    // A name with a dot stands in the client's measured manifest and is what the certificate is checked for, so neither the host nor another session can answer in its place.
    private ConfigurationRequest? Target(string name) => Uri.CheckHostName(name) == UriHostNameType.Dns && name.Split('.') is [var wanted, var session, ..]
        ? new ConfigurationRequest(session, wanted)
        : unnamed;
}
