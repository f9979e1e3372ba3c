using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Network;

/// <summary>The enclave's own identity for TLS, and the means to verify peers.</summary>
/// <param name="Certificate">The enclave's RA-TLS certificate.</param>
/// <param name="Verifier">Verifies the evidence of peers.</param>
/// <param name="Time">The instant at which certificates and evidence must be valid.</param>
internal sealed record TlsIdentity(X509Certificate2 Certificate, EvidenceVerifier Verifier, TimeProvider Time);

/// <summary>The network rules of the startup configuration: only connections that it names, and TLS unless it says plain.</summary>
[SuppressMessage("Security", "CA5359", Justification = "attested connections are decided by the evidence, and a refusal throws")]
internal sealed class NetworkShield(TlsIdentity enclave) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ShieldedSocket, byte> sockets = new();

    /// <summary>Wraps a connection for the guest, and tracks it until it is closed.</summary>
    public ShieldedSocket WrapConnection(System.Net.Sockets.Socket socket, Stream stream)
    {
        var wrapped = new ShieldedSocket(socket, stream);
        sockets.TryAdd(wrapped, 0);
        _ = wrapped.Closed.ContinueWith(_ => sockets.TryRemove(wrapped, out byte _), TaskScheduler.Default);
        return wrapped;
    }

    /// <summary>The TLS options of a port; null for plain.</summary>
    public SslServerAuthenticationOptions? CreateServerOptions(ListenConfiguration listen) => listen.Protocol switch
    {
        NetworkProtocol.Plain => null,
        NetworkProtocol.Attested => CreateAttestedServerOptions(
            listen.Peer?.ToPolicy() ?? throw RefuseWithoutPeer($"port {listen.Port} is attested, but no peer is named that may connect")),
        _ => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Certificates.CreateIdentity(listen.Certificate ?? "", listen.PrivateKey ?? ""),
            ClientCertificateRequired = listen.ClientAuthorities is not null,
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
            var policy = connect.Peer?.ToPolicy()
                ?? throw RefuseWithoutPeer($"{connect.Host}:{connect.Port} is attested, but no peer is named that must answer");
            return RaTlsTransport.ClientOptions(policy, null, enclave.Certificate, enclave.Time, enclave.Verifier);
        }
        return new SslClientAuthenticationOptions
        {
            TargetHost = connect.Host,
            ClientCertificateContext = connect is { Certificate: { } certificate, PrivateKey: { } key }
                ? Certificates.CreateIdentity(certificate, key)
                : null,
            RemoteCertificateValidationCallback = connect.Authorities is { } authorities
                ? (_, certificate, chain, errors) => Certificates.IsIssuedBy(authorities, certificate, chain, isServer: true, errors)
                : null,
        };
    }

    /// <summary>Waits until everything that the guest wrote has been sent.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(sockets.Keys.Select(socket => socket.Closed)).ConfigureAwait(false);

    private static RefusedException RefuseWithoutPeer(string detail) => new(RuntimeReasons.BadConfiguration.Because(detail));

    private SslServerAuthenticationOptions CreateAttestedServerOptions(AttestationPolicy policy)
    {
        var options = RaTlsTransport.ServerOptions(enclave.Certificate);
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            RaTlsTransport.Accept(certificate, policy, null, enclave.Time.GetUtcNow(), enclave.Verifier);
            return true;
        };
        return options;
    }
}
