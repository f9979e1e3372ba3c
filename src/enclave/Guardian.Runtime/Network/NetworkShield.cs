using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Network;

/// <summary>The network rules of the startup configuration: only connections that it names, and TLS unless it says plain.</summary>
[SuppressMessage("Security", "CA5359", Justification = "Workload.Verify decides about attested connections, and throws to refuse")]
[SuppressMessage("Security", "CA5398", Justification = "both ends of an attested connection are ours")]
internal sealed class NetworkShield(Workload workload) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ShieldedSocket, byte> sockets = new();

    /// <summary>Wraps a connection for the guest, and tracks it until it is closed.</summary>
    public ShieldedSocket WrapConnection(CarrierStream carrier, SslStream? tls)
    {
        var wrapped = new ShieldedSocket(carrier, tls);
        sockets.TryAdd(wrapped, 0);
        _ = wrapped.Closed.ContinueWith(_ => sockets.TryRemove(wrapped, out byte _), TaskScheduler.Default);
        return wrapped;
    }

    /// <summary>The TLS options of a port; null for plain.</summary>
    public SslServerAuthenticationOptions? CreateServerOptions(ListenConfiguration listen) => listen.Protocol switch
    {
        NetworkProtocol.Plain => null,
        NetworkProtocol.Attested => CreateAttestedServerOptions(
            listen.Peers ?? throw RefuseWithoutPeer($"port {listen.Port} is attested, but no peer is named that may connect")),
        _ => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Certificates.CreateIdentity(listen.Certificate ?? "", listen.PrivateKey ?? ""),
            ClientCertificateRequired = listen.ClientAuthorities is not null,
            CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
            RemoteCertificateValidationCallback = listen.ClientAuthorities is { } authorities
                ? (_, certificate, chain, errors) => Certificates.IsIssuedBy(authorities, certificate, chain, isServer: false, errors)
                : null,
        },
    };

    /// <summary>The TLS options of a connection; null for plain.</summary>
    public SslClientAuthenticationOptions? CreateClientOptions(ConnectConfiguration connect)
    {
        if (connect.Protocol == NetworkProtocol.Plain)
        {
            return null;
        }
        if (connect.Protocol == NetworkProtocol.Attested)
        {
            var peers = connect.Peers
                ?? throw RefuseWithoutPeer($"{connect.Host}:{connect.Port} is attested, but no peer is named that must answer");
            return new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = workload.Certificate,
                CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    workload.Verify(certificate, peers);
                    return true;
                },
            };
        }
        return new SslClientAuthenticationOptions
        {
            TargetHost = connect.Host,
            ClientCertificateContext = connect is { Certificate: { } certificate, PrivateKey: { } key }
                ? Certificates.CreateIdentity(certificate, key)
                : null,
            CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
            RemoteCertificateValidationCallback = connect.Authorities is { } authorities
                ? (_, certificate, chain, errors) => Certificates.IsIssuedBy(authorities, certificate, chain, isServer: true, errors)
                : null,
        };
    }

    /// <summary>Waits until everything that the guest wrote has been sent.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(sockets.Keys.Select(socket => socket.Closed)).ConfigureAwait(false);

    private static RefusedException RefuseWithoutPeer(string detail) => new(RuntimeReasons.BadConfiguration.Because(detail));

    // The certificate is renewed while the port listens, so each handshake asks for the present one.
    private SslServerAuthenticationOptions CreateAttestedServerOptions(IReadOnlyList<PeerService> peers) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ServerCertificateSelectionCallback = (_, _) => workload.Certificate.TargetCertificate,
        ClientCertificateRequired = true,
        CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            workload.Verify(certificate, peers);
            return true;
        },
    };
}
