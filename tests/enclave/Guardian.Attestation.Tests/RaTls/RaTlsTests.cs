using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Attestation.Tests.RaTls;

/// <summary>Real handshakes over loopback.</summary>
public class RaTlsTests
{
    private static readonly EvidenceContext Context = EvidenceContext.RoomLead(Enumerable.Repeat((byte)9, 32).ToArray());
    private static readonly ExpectedEvidence Expected = ExpectedEvidence.Exactly(Context);

    [Fact]
    public async Task An_accepted_enclave_is_talked_to_and_sees_the_clients_key()
    {
        using var key = IdentityKey.Create();
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Context);
        using var server = new Server(certificate);
        RaTlsPeer? verified = null;
        var answer = await server.GetAsync(
            TestPlatform.Policy, Expected, key.CreateClientCertificate(TimeProvider.System.GetUtcNow()), peer => verified = peer);
        Assert.Equal(key.PublicKey, answer);
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, verified!.Quote.Report.MrEnclave);
    }

    [Fact]
    public async Task A_refused_peer_gets_not_one_byte()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Context);
        using var server = new Server(certificate);
        var otherMeasurement = TestPlatform.Policy with { Identities = [new AcceptedIdentity { MrEnclaves = [default] }] };
        var hardware = TestPlatform.Policy with { Platforms = [PlatformKind.Hardware] };
        var byIdentity = await Fail(otherMeasurement, Expected);
        Assert.Equal("not-accepted", byIdentity.Code);
        Assert.StartsWith("identity: found mrenclave", Assert.Single(byIdentity.Problems), StringComparison.Ordinal);
        var byPlatform = await Fail(hardware, Expected);
        Assert.StartsWith("platform: found simulated", Assert.Single(byPlatform.Problems), StringComparison.Ordinal);
        Assert.Contains("--platform simulated", byPlatform.Remedy, StringComparison.Ordinal);
        foreach (var other in new[] { EvidenceContext.RoomLead(new byte[32]), EvidenceContext.RoomShard(Context.Fields[0]),
            EvidenceContext.CasStarting })
        {
            Assert.Equal("wrong-role", (await Fail(TestPlatform.Policy, ExpectedEvidence.Exactly(other))).Code);
        }

        using var plain = IdentityKey.Create();
        using var plainServer = new Server(plain.CreateClientCertificate(TimeProvider.System.GetUtcNow()));
        Assert.Equal("no-evidence", (await FailAt(plainServer, TestPlatform.Policy, Expected)).Code);
        Assert.Equal(0, server.Requests + plainServer.Requests);

        async Task<Refusal> Fail(AttestationPolicy policy, ExpectedEvidence expected) => await FailAt(server, policy, expected);
    }

    private static async Task<Refusal> FailAt(Server server, AttestationPolicy policy, ExpectedEvidence expected)
    {
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync(policy, expected, null, _ => { }));
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is RefusedException refused)
            {
                return refused.Refusal;
            }
        }
        throw failure;
    }

    // Answers any HTTP request with the key of the client's certificate.
    private sealed class Server : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;

        public Server(X509Certificate2 certificate)
        {
            this.certificate = certificate;
            listener.Start();
            _ = AcceptAsync();
        }

        public int Requests { get; private set; }

        public async Task<string> GetAsync(
            AttestationPolicy policy, ExpectedEvidence expected, X509Certificate2? client, Action<RaTlsPeer> onVerified)
        {
            using var http = new HttpClient(RaTlsTransport.CreateHandler(
                policy, expected, client, TimeProvider.System, TestPlatform.Verifier, (peer, _) => onVerified(peer)));
            return await http.GetStringAsync(new Uri($"https://{listener.LocalEndpoint}/"));
        }

        public void Dispose()
        {
            listener.Dispose();
            certificate.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var connection = await listener.AcceptTcpClientAsync();
                    await AnswerAsync(connection);
                }
            }
            catch (Exception failure) when (failure is ObjectDisposedException or SocketException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(TcpClient connection)
        {
            try
            {
                using var tls = new SslStream(connection.GetStream());
                await tls.AuthenticateAsServerAsync(RaTlsTransport.ServerOptions(certificate), default);
                if (await tls.ReadAsync(new byte[4096]) > 0)
                {
                    Requests++;
                    var key = tls.RemoteCertificate is X509Certificate2 peer
                        ? Convert.ToBase64String(peer.PublicKey.ExportSubjectPublicKeyInfo())
                        : "";
                    await tls.WriteAsync(
                        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {key.Length}\r\nConnection: close\r\n\r\n{key}"));
                }
            }
            catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client ends the handshake, as it should.
            }
        }
    }
}
