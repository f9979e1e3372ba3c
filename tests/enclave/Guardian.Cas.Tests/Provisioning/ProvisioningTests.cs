using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Provisioning;
using Guardian.Sgx;
using Guardian.Simulation;
using Guardian.Simulation.Processor;

namespace Guardian.Cas.Tests.Provisioning;

/// <summary>Gramine's secret provisioning, for clients that share only the text of the protocol with the server.</summary>
public sealed class ProvisioningTests : IAsyncDisposable
{
    private static readonly string Session = TestCas.Session
        .Replace("    command: serve --token $$GUARDIAN::token$$\n", "    secret_provisioning: key\n", StringComparison.Ordinal)
        .Replace("    environment:\n      KEY: $$GUARDIAN::key:hex$$\n      GREETING: hello\n", "", StringComparison.Ordinal)
        .Replace("secrets:\n", $$"""
          - name: text
            secret_provisioning: token
            attestation: [{mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]}]
            platforms: [simulated]
          - name: without
            command: serve
            attestation: [{mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]}]
            platforms: [simulated]
        secrets:

        """.Replace("\n        ", "\n", StringComparison.Ordinal), StringComparison.Ordinal);

    private readonly TestCas cas = new();
    private readonly ProvisioningAuthority authority;
    private readonly ProvisioningServer server;
    private readonly List<string> reports = [];

    public ProvisioningTests()
    {
        cas.CreateAsync(Session).GetAwaiter().GetResult();
        authority = ProvisioningAuthority.OpenAsync(cas.Vault).GetAwaiter().GetResult();
        server = ProvisioningServer.Start(
            new IPEndPoint(IPAddress.Loopback, 0), cas.Admissions, authority, new ConfigurationRequest("shop", "text"), Report,
            limit: TimeSpan.FromMinutes(20));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        authority.Dispose();
        cas.Dispose();
    }

    [Fact]
    public async Task An_enclave_gets_the_secret_of_the_service_that_its_address_names()
    {
        var secret = await AskAsync("web.shop.cas.example", TestCas.Program);
        Assert.Equal(await cas.ReadSecretAsync("key"), secret);
        Assert.Equal(secret, await AskAsync("web.shop", TestCas.Program));
    }

    [Fact]
    public async Task A_client_that_names_no_service_gets_the_operators_choice_and_text_ends_with_nul()
    {
        foreach (var name in new[] { "localhost", "127.0.0.1" })
        {
            Assert.Equal([.. await cas.ReadSecretAsync("token"), 0], await AskAsync(name, TestCas.Program));
        }
    }

    [Fact]
    public async Task One_address_cannot_hold_all_connections()
    {
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 70; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
                try
                {
                    await socket.ConnectAsync(server.Address, TestContext.Current.CancellationToken);
                }
                catch (SocketException)
                {
                    // Closed before it was reported as open.
                }
            }
            // Long before the server closes the idle connections.
            Assert.NotNull(
                await AskAsync("web.shop", TestCas.Program).WaitAsync(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Theory]
    [InlineData("web.shop", true, "is not admitted to 'shop/web'")]
    [InlineData("web.other", false, "no service 'web' in a session 'other'")]
    [InlineData("without.shop", false, "has no 'secret_provisioning'")]
    public async Task Nobody_else_gets_a_byte_and_the_operator_reads_why(string name, bool isStranger, string reason)
    {
        using var stranger = TestCas.Launch(2);
        Assert.Null(await AskAsync(name, isStranger ? stranger : TestCas.Program));
        Assert.Contains(reason, await ReportedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_request_or_a_client_without_evidence_gets_no_byte()
    {
        Assert.Null(await AskAsync("web.shop", TestCas.Program, "SECRET_PROVISION_RA_TLS_REQUEST_V2\0"));
        using var key = IdentityKey.Create();
        using var plain = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        Assert.Null(await AskAsync("web.shop", plain));
        Assert.Contains("not an attested enclave", await ReportedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_authority_stays_the_same_when_the_cas_starts_again()
    {
        cas.Reopen();
        using var again = await ProvisioningAuthority.OpenAsync(cas.Vault);
        Assert.Equal(authority.Certificate, again.Certificate);
    }

    [Fact]
    [Trait("Starts", "processes")]
    public async Task OpenSsls_own_client_gets_the_secret_too()
    {
        if (!File.Exists("/usr/bin/openssl"))
        {
            Assert.Skip("the openssl program is not installed");
        }
        using var folder = new TemporaryFolder();
        using var certificate = Evidence(TestCas.Program);
        using var key = certificate.GetECDsaPrivateKey()!;
        var start = new ProcessStartInfo("/usr/bin/openssl")
        {
            ArgumentList =
            {
                "s_client", "-quiet", "-ign_eof", "-no_ticket", "-tls1_2", "-connect", server.Address.ToString()!,
                "-servername", "web.shop.cas.example",
                "-verify_return_error", "-verify_hostname", "web.shop.cas.example",
                "-CAfile", folder.Write("ca.pem", authority.Certificate),
                "-cert", folder.Write("cert.pem", certificate.ExportCertificatePem()),
                "-key", folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem()),
            },
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var client = Process.Start(start)!;
        await client.StandardInput.WriteAsync("SECRET_PROVISION_RA_TLS_REQUEST_V1\0");
        await client.StandardInput.FlushAsync();
        using var output = new MemoryStream();
        await client.StandardOutput.BaseStream.CopyToAsync(output);
        var expected = Encoding.ASCII.GetBytes("SECRET_PROVISION_RA_TLS_RESPONSE_V1:\0\0\0\0\u0010");
        Assert.Equal([.. expected, .. await cas.ReadSecretAsync("key")], output.ToArray());
    }

    // Without the steps of the start.
    private static async Task<JsonNode> ReadEventAsync(Process process)
    {
        while (true)
        {
            var message = JsonNode.Parse((await process.StandardOutput.ReadLineAsync())!)!;
            if ((string?)message["event"] != "starting")
            {
                return message;
            }
        }
    }

    [Fact]
    [Trait("Starts", "processes")]
    public async Task The_program_publishes_its_certificate_over_ra_tls_and_provisions_with_it()
    {
        using var folder = new TemporaryFolder();
        using var process = GuardianProgram.Start(
            folder.Path, "Guardian.Cas", "guardian-cas",
            ["--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen", "127.0.0.1:0", "--provision", "127.0.0.1:0",
            "--provision-unnamed", "shop/web", "--owners", TestCas.Founder.PublicKey, "--threshold", "1", "--json"]);
        try
        {
            var provisioning = await ReadEventAsync(process);
            var listening = await ReadEventAsync(process);
            Assert.Equal(("provisioning", "listening"), ((string?)provisioning["event"], (string?)listening["event"]));
            var policy = new AttestationPolicy
            {
                Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))] }],
                Platforms = [PlatformKind.Simulated],
            };
            using var key = IdentityKey.Create();
            using var client = new CasClient(
                new Uri((string)listening["address"]!), policy, key.CreateClientCertificate(TimeProvider.System.GetUtcNow()),
                TimeProvider.System, SimulatedPlatforms.Verifier);
            var known = await client.ReadProvisioningCertificateAsync();
            await client.CreateAsync(TestCas.Utf8(Session));
            using var evidence = Evidence(TestCas.Program);
            var secret = await AskAsync("localhost", evidence, IPEndPoint.Parse((string)provisioning["address"]!), known);
            Assert.Equal(16, secret!.Length);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    private static X509Certificate2 Evidence(SimulatedEnclave enclave) => TestCas.GramineCertificate(enclave);

    private async Task<byte[]?> AskAsync(string name, SimulatedEnclave enclave, string request = "SECRET_PROVISION_RA_TLS_REQUEST_V1\0")
    {
        using var certificate = Evidence(enclave);
        return await AskAsync(name, certificate, (IPEndPoint)server.Address, authority.Certificate, request);
    }

    private Task<byte[]?> AskAsync(string name, X509Certificate2 certificate) =>
        AskAsync(name, certificate, (IPEndPoint)server.Address, authority.Certificate);

    // Like Gramine's client: trusts one authority and the server's name, and reads the answer piece by piece.
    // Null when the server closes the connection.
    private static async Task<byte[]?> AskAsync(
        string name, X509Certificate2 certificate, IPEndPoint address, string authority,
        string request = "SECRET_PROVISION_RA_TLS_REQUEST_V1\0")
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(address);
        await using var tls = new SslStream(connection.GetStream());
        using var root = X509Certificate2.CreateFromPem(authority);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        try
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes(request));
            var head = new byte[37];
            await tls.ReadExactlyAsync(head);
            Assert.Equal("SECRET_PROVISION_RA_TLS_RESPONSE_V1:\0", Encoding.ASCII.GetString(head));
            var size = new byte[4];
            await tls.ReadExactlyAsync(size);
            var secret = new byte[BinaryPrimitives.ReadUInt32BigEndian(size)];
            await tls.ReadExactlyAsync(secret);
            Assert.Equal(0, await tls.ReadAsync(new byte[1]));
            return secret;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Report(string reason)
    {
        lock (reports)
        {
            reports.Add(reason);
        }
    }

    private async Task<string> ReportedAsync()
    {
        while (true)
        {
            lock (reports)
            {
                if (reports.Count > 0)
                {
                    return Assert.Single(reports);
                }
            }
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
