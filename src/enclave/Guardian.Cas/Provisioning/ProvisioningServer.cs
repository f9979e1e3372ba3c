using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Admissions;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;
using Guardian.Hosting;
using Guardian.Refusals;

namespace Guardian.Cas.Provisioning;

/// <summary>
/// Serves the secret provisioning of Gramine's own client, so that an unmodified program under Gramine gets its key from a session
/// (docs/spec/session.md, "Gramine"). Thread-safe.
/// </summary>
/// <remarks>
/// Inside TLS, whose client certificate is RA-TLS:
/// <code>
///   client:  "SECRET_PROVISION_RA_TLS_REQUEST_V1" NUL
///   server:  "SECRET_PROVISION_RA_TLS_RESPONSE_V1:" NUL | uint32 size, big-endian | secret
/// </code>
/// The protocol has no message for a refusal: the server closes the connection, and reports the reason to the operator.
/// </remarks>
internal sealed class ProvisioningServer : IAsyncDisposable
{
    // Enough for a handshake and 35 bytes. A slower client only holds the connection open.
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private const int MaxConnections = 64;

    private readonly TcpListener listener;
    private readonly AdmissionService admissions;
    private readonly ProvisioningAuthority authority;
    private readonly ConfigurationRequest? unnamed;
    private readonly Action<string> report;
    private readonly TimeSpan limit;
    private readonly PartitionedRateLimiter<IPAddress?> limiter = PeerAddress.Limit(MaxConnections / 2);
    private readonly SemaphoreSlim free = new(MaxConnections);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;

    private ProvisioningServer(
        TcpListener listener, AdmissionService admissions, ProvisioningAuthority authority, ConfigurationRequest? unnamed,
        Action<string> report, TimeSpan limit)
    {
        (this.listener, this.admissions, this.authority) = (listener, admissions, authority);
        (this.unnamed, this.report, this.limit) = (unnamed, report, limit);
        accepting = AcceptAsync();
    }

    /// <summary>The address on which it listens.</summary>
    public EndPoint Address => listener.LocalEndpoint;

    private static ReadOnlySpan<byte> Request => "SECRET_PROVISION_RA_TLS_REQUEST_V1\0"u8;

    private static ReadOnlySpan<byte> Response => "SECRET_PROVISION_RA_TLS_RESPONSE_V1:\0"u8;

    /// <summary>Starts to listen.</summary>
    /// <param name="address">The address on which to listen.</param>
    /// <param name="admissions">Admits the clients.</param>
    /// <param name="authority">Issues the server's certificates.</param>
    /// <param name="unnamed">The service for clients that name none; null refuses them.</param>
    /// <param name="report">Called with the reason of each refusal, which holds no secret.</param>
    /// <param name="limit">The time after which a connection without an answer is closed; null is 30 seconds.</param>
    /// <exception cref="SocketException">The address is taken, or does not belong to this machine.</exception>
    public static ProvisioningServer Start(
        IPEndPoint address, AdmissionService admissions, ProvisioningAuthority authority, ConfigurationRequest? unnamed,
        Action<string> report, TimeSpan? limit = null)
    {
        var listener = new TcpListener(address);
        listener.Start();
        return new ProvisioningServer(listener, admissions, authority, unnamed, report, limit ?? DefaultLimit);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        listener.Dispose();
        await accepting.ConfigureAwait(false);
        // The cancellation ends the open connections. Each releases its place.
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
                    // Otherwise the connection releases its place when it ends.
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
            // The client left before it was accepted, or no file descriptor is free: wait before the next attempt.
            await Task.Delay(RetryDelay, ending.Token).ConfigureAwait(false);
            return null;
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using var overdue = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        overdue.CancelAfter(limit);
        try
        {
            var peer = ((IPEndPoint)connection.Client.RemoteEndPoint!).Address;
            using var lease = limiter.AttemptAcquire(peer);
            if (!lease.IsAcquired)
            {
                return;
            }
            var stream = new SslStream(connection.GetStream());
            await using (stream.ConfigureAwait(false))
            {
                var source = new CallSource(peer, overdue.Token);
                await ServeAsync(stream, ((IPEndPoint)connection.Client.LocalEndPoint!).Address, source).ConfigureAwait(false);
            }
        }
        catch (Exception damaged) when (damaged is InvalidDataException or StoreException)
        {
            report(damaged.Message);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException
            or OperationCanceledException or CryptographicException)
        {
            // The client closed the connection, speaks another protocol, or was too slow.
        }
        finally
        {
            connection.Dispose();
            free.Release();
        }
    }

    [SuppressMessage("Security", "CA5398", Justification = "Gramine's client speaks TLS 1.2 or 1.3, as it was built")]
    [SuppressMessage("Security", "CA5359", Justification = "TLS proves the client's key, and its quote is verified before data is sent")]
    private async Task ServeAsync(SslStream stream, IPAddress local, CallSource source)
    {
        var cancellation = source.Cancellation;
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
                        // A client shows no certificate when it resumes a session.
                        AllowTlsResume = false,
                        CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
                        RemoteCertificateValidationCallback = (_, _, _, _) => true,
                    });
                },
                null, cancellation).ConfigureAwait(false);
            var request = new byte[Request.Length];
            await stream.ReadExactlyAsync(request, cancellation).ConfigureAwait(false);
            if (request.AsSpan().SequenceEqual(Request))
            {
                await AnswerAsync(stream, name, source).ConfigureAwait(false);
            }
        }
        finally
        {
            certificate?.Dispose();
        }
    }

    private async Task AnswerAsync(SslStream stream, string name, CallSource source)
    {
        var cancellation = source.Cancellation;
        var (secret, refusal) = await ProvisionAsync(name, stream.RemoteCertificate?.GetRawCertData(), source)
            .ConfigureAwait(false);
        if (secret is null)
        {
            report(string.Join("; ", [$"refused to provision: {refusal!.Detail}", .. refusal.Problems]));
            return;
        }
        var answer = new byte[Response.Length + sizeof(uint) + secret.Length];
        try
        {
            Response.CopyTo(answer);
            BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(Response.Length), secret.Length);
            secret.CopyTo(answer.AsSpan(Response.Length + sizeof(uint)));
            await stream.WriteAsync(answer, cancellation).ConfigureAwait(false);
            await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
            // The client closes the connection when it has read everything. Closing it here could lose unread data.
            while (await stream.ReadAsync(new byte[256], cancellation).ConfigureAwait(false) > 0)
            {
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer);
        }
    }

    // The client's measured manifest holds the name, and the client checks the certificate for it. So neither the host nor another session
    // can answer in its place.
    private async Task<Outcome<byte[]>> ProvisionAsync(string name, byte[]? certificate, CallSource source)
    {
        var request = Uri.CheckHostName(name) == UriHostNameType.Dns && name.Split('.') is [var service, var session, ..]
            ? new ConfigurationRequest(session, service)
            : unnamed;
        return request is not null
            ? await admissions.ProvisionAsync(request, certificate, source).ConfigureAwait(false)
            : CasReasons.NotFound.Because(
                $"the client asked for '{name}', which is not SERVICE.SESSION, and the CAS has no service for such clients");
    }
}
