using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Node.Admission;
using Microsoft.AspNetCore.Builder;

namespace Guardian.Node.Tests.Admission;

/// <summary>The webhook as the API server calls it, and as strangers in the cluster do.</summary>
public sealed class AdmissionEndpointTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly X509Certificate2 certificate = LoopbackCertificate.Create();
    private WebApplication server = null!;
    private HttpClient client = null!;

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    private Uri Address => new(server.Urls.First());

    public async ValueTask InitializeAsync()
    {
        var settings = new AdmissionSettings(
            folder.Write("tls.crt", certificate.ExportCertificatePem()),
            folder.Write("tls.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), "guardian", 0);
        server = AdmissionEndpoint.Create(new IPEndPoint(IPAddress.Loopback, 0), settings, _ => { });
        await server.StartAsync(Ending);
        client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = Trusting(),
            Expect100ContinueTimeout = TimeSpan.FromMinutes(1),
        });
        // A refusal of a large body comes before the body.
        client.DefaultRequestHeaders.ExpectContinue = true;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        certificate.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_review_is_answered_as_the_api_server_reads_it()
    {
        var pod = Reviews.Pod("""[{"name": "c"}]""", "\"org.guardian.session\": \"s/a\"");
        using var answer = await PostAsync(new ByteArrayContent(Reviews.Of(pod)));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
        var review = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ending))!;
        Assert.Equal(("admission.k8s.io/v1", "AdmissionReview"), ((string?)review["apiVersion"], (string?)review["kind"]));
        Assert.Equal((Reviews.Id, true), ((string?)review["response"]!["uid"], (bool)review["response"]!["allowed"]!));
        Assert.Equal(
            """[{"op":"add","path":"/spec/containers/0/resources","value":{"limits":{"sgx.intel.com/enclave":"1"}}}]""",
            Encoding.UTF8.GetString(Convert.FromBase64String((string)review["response"]!["patch"]!)));
    }

    [Fact]
    public async Task Its_health_is_a_plain_answer_and_other_paths_are_none()
    {
        foreach (var (path, status) in new[] { ("health", 200), ("", 404), ("pods", 404), ("metrics", 404) })
        {
            using var answer = await client.GetAsync(new Uri(Address, path), Ending);
            Assert.Equal((status, ""), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ending)));
        }
    }

    [Theory]
    [InlineData(10, HttpStatusCode.BadRequest)]
    [InlineData(AdmissionReview.MaxSize + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task What_is_no_review_is_refused(int size, HttpStatusCode expected)
    {
        using var answer = await PostAsync(new ByteArrayContent(new byte[size]));
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Strangers_who_send_slowly_do_not_keep_the_api_server_waiting_for_long()
    {
        var strangers = new List<SslStream>();
        for (var i = 0; i < 20; i++)
        {
            strangers.Add(await StallAsync());
        }
        var pod = Reviews.Pod("""[{"name": "c"}]""", "\"org.guardian.session\": \"s/a\"");
        while (true)
        {
            // The first calls can find every place taken; the places are free again after the limit.
            using var answer = await PostAsync(new ByteArrayContent(Reviews.Of(pod)));
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                break;
            }
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }
        foreach (var stranger in strangers)
        {
            await stranger.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_pod_cannot_take_all_connections()
    {
        // As many as the server has in all: without a share for each address, the API server would find none.
        List<Socket> strangers = [];
        for (var i = 0; i < 128; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            strangers.Add(socket);
            // Those beyond the share are reset, some before the call here returns.
            await Record.ExceptionAsync(async () => await socket.ConnectAsync(IPAddress.Loopback, Address.Port, Ending));
        }
        var pod = Reviews.Pod("""[{"name": "c"}]""", "\"org.guardian.session\": \"s/a\"");
        using var answer = await PostAsync(new ByteArrayContent(Reviews.Of(pod)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        strangers.ForEach(socket => socket.Dispose());
    }

    // The head of a review whose body never comes.
    private async Task<SslStream> StallAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port, Ending);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(Trusting(), Ending);
        var head = $"POST {AdmissionEndpoint.Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Ending);
        return stream;
    }

    private Task<HttpResponseMessage> PostAsync(HttpContent content) =>
        client.PostAsync(new Uri(Address, AdmissionEndpoint.Path), content, Ending);

    private SslClientAuthenticationOptions Trusting() => new()
    {
        TargetHost = "127.0.0.1",
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { certificate },
        },
    };
}
