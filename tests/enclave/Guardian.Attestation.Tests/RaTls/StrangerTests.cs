using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Refusals;
using Guardian.Tests;

namespace Guardian.Attestation.Tests.RaTls;

/// <summary>A certificate of a stranger makes neither end of a handshake call the places that it names. A naive end does, and waits for
/// them: one stranger sends an enclave's requests anywhere, and keeps it from others.</summary>
[SuppressMessage("Security", "CA5359", Justification = "the naive ends, and those under test judge the peer otherwise")]
public sealed class StrangerTests
{
    [Fact]
    public async Task A_server_calls_nobody()
    {
        using var lure = new LuringCertificate();
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        var client = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = SslStreamCertificateContext.Create(lure.Certificate, null, offline: true),
            CertificateChainPolicy = RaTlsTransport.WithoutDownloads,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        await ShakeHandsAsync(RaTlsTransport.ServerOptions(certificate), client);
        Assert.Equal(0, lure.Calls);

        var naive = RaTlsTransport.ServerOptions(certificate);
        naive.CertificateChainPolicy = null;
        await ShakeHandsAsync(naive, client);
        Assert.NotEqual(0, lure.Calls);
    }

    [Fact]
    public async Task A_client_calls_nobody()
    {
        using var lure = new LuringCertificate();
        using var key = IdentityKey.Create();
        using var own = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        var server = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(lure.Certificate, null, offline: true),
        };
        var client = RaTlsTransport.ClientOptions(
            TestPlatform.Policy, ExpectedEvidence.Cas(default), own, TimeProvider.System, TestPlatform.Verifier);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => ShakeHandsAsync(server, client));
        Assert.Equal("no-evidence", refused.Refusal.Code);
        Assert.Equal(0, lure.Calls);

        await ShakeHandsAsync(server, new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true });
        Assert.NotEqual(0, lure.Calls);
    }

    private static async Task ShakeHandsAsync(SslServerAuthenticationOptions server, SslClientAuthenticationOptions client)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var called = new TcpClient();
        await called.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var answering = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var serverEnd = new SslStream(answering.GetStream());
        await using var clientEnd = new SslStream(called.GetStream());
        var serving = serverEnd.AuthenticateAsServerAsync(server, TestContext.Current.CancellationToken);
        client.TargetHost = "";
        try
        {
            await clientEnd.AuthenticateAsClientAsync(client, TestContext.Current.CancellationToken);
            await serving;
        }
        finally
        {
            called.Close();
            await serving.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
