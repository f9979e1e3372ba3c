using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Runtime.Network;

/// <summary>What the shield needs to know of the enclave that it runs in.</summary>
/// <param name="Certificate">The enclave's RA-TLS certificate.</param>
/// <param name="Collateral">For peers on hardware.</param>
/// <param name="Time">The instant at which certificates and evidence must be valid.</param>
internal sealed record TlsIdentity(X509Certificate2 Certificate, ICollateralSource Collateral, TimeProvider Time);

/// <summary>The network as the startup configuration allows it: TLS unless it says plain, nothing that it does not name.</summary>
[SuppressMessage("Security", "CA5359", Justification = "attested connections are decided by the evidence, and throw")]
internal sealed class NetworkShield(TlsIdentity enclave) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ShieldedSocket, byte> sockets = new();

    /// <summary>Wraps a connection that the guest will get.</summary>
    public ShieldedSocket Adopt(System.Net.Sockets.Socket socket, Stream stream)
    {
        var adopted = new ShieldedSocket(socket, stream);
        sockets.TryAdd(adopted, 0);
        _ = adopted.Closed.ContinueWith(_ => sockets.TryRemove(adopted, out byte _), TaskScheduler.Default);
        return adopted;
    }

    /// <summary>How a port greets; null for plain.</summary>
    public SslServerAuthenticationOptions? ServerOptions(ListenConfiguration listen) => listen.Protocol switch
    {
        NetworkProtocol.Plain => null,
        NetworkProtocol.Attested => AttestedServer(listen.Peer?.ToPolicy() ?? throw new RuntimeException($"port {listen.Port} is attested, but nobody is named who may connect")),
        _ => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Certificates.Identity(listen.Certificate ?? "", listen.PrivateKey ?? ""),
            ClientCertificateRequired = listen.ClientAuthorities is not null,
            RemoteCertificateValidationCallback = listen.ClientAuthorities is { } authorities
                ? (_, certificate, chain, errors) => Certificates.IsIssuedBy(authorities, certificate, chain, isServer: false, errors)
                : null,
        },
    };

    /// <summary>How a connection begins; null for plain.</summary>
    public SslClientAuthenticationOptions? ClientOptions(ConnectConfiguration connect)
    {
        if (connect.Protocol == NetworkProtocol.Plain)
        {
            return null;
        }
        if (connect.Protocol == NetworkProtocol.Attested)
        {
            var policy = connect.Peer?.ToPolicy() ?? throw new RuntimeException($"{connect.Host}:{connect.Port} is attested, but nobody is named who must answer");
            return RaTlsTransport.ClientOptions(policy, null, enclave.Certificate, enclave.Time, null, enclave.Collateral);
        }
        return new SslClientAuthenticationOptions
        {
            TargetHost = connect.Host,
            ClientCertificateContext = connect is { Certificate: { } certificate, PrivateKey: { } key } ? Certificates.Identity(certificate, key) : null,
            RemoteCertificateValidationCallback = connect.Authorities is { } authorities
                ? (_, certificate, chain, errors) => Certificates.IsIssuedBy(authorities, certificate, chain, isServer: true, errors)
                : null,
        };
    }

    /// <summary>Waits until what the guest wrote has left.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(sockets.Keys.Select(socket => socket.Closed)).ConfigureAwait(false);

    private SslServerAuthenticationOptions AttestedServer(AttestationPolicy policy)
    {
        var options = RaTlsTransport.ServerOptions(enclave.Certificate);
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            RaTlsTransport.Accept(certificate, policy, null, enclave.Time.GetUtcNow(), enclave.Collateral);
            return true;
        };
        return options;
    }
}
