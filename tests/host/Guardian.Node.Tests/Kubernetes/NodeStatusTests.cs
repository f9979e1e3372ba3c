using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Node.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The node's EPC reaches the API server, and the token reaches nobody else.</summary>
public sealed class NodeStatusTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<string> calls = new();
    private (int Status, string Body) answer = (200, "{}");
    private WebApplication? server;

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        folder.Dispose();
    }

    [Theory]
    [InlineData(true, "simulated")]
    [InlineData(false, "hardware")]
    public async Task Epc_is_published_in_bytes_with_a_label_that_says_what_it_is(bool isSimulated, string label)
    {
        using var status = await ServeAsync();
        await status.PublishAsync("node 1", new NodeEpc(64 << 20, isSimulated), Ending);
        Assert.Equal(
            [
                "PATCH /api/v1/nodes/node%201 application/merge-patch+json Bearer first "
                + """{"metadata":{"labels":{"org.guardian.sgx":"LABEL"}}}""".Replace("LABEL", label, StringComparison.Ordinal),
                "PATCH /api/v1/nodes/node%201/status application/merge-patch+json Bearer first "
                + """{"status":{"capacity":{"sgx.intel.com/epc":"67108864"}}}""",
            ],
            calls);
    }

    [Fact]
    public async Task Without_epc_nothing_stays()
    {
        using var status = await ServeAsync();
        await status.PublishAsync("n", new NodeEpc(0, IsSimulated: false), Ending);
        Assert.EndsWith("""{"metadata":{"labels":{"org.guardian.sgx":null}}}""", calls.First(), StringComparison.Ordinal);
        Assert.EndsWith(
            """{"status":{"capacity":{"sgx.intel.com/epc":null},"allocatable":{"sgx.intel.com/epc":null}}}""", calls.Last(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_was_exchanged_is_used()
    {
        using var status = await ServeAsync();
        folder.Write("token", "second\n");
        answer = (200, """{"items": [{"metadata": {"name": "a"}}, {"metadata": {}}, {"metadata": {"name": "b"}}]}""");
        Assert.Equal(["a", "b"], await status.ListAsync(Ending));
        Assert.Contains("Bearer second", Assert.Single(calls), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, """{"message": "nodes is forbidden"}""", "answers 403 to PATCH api/v1/nodes/n: nodes is forbidden")]
    [InlineData(500, "<html>", "answers 500 to PATCH api/v1/nodes/n: it gives no reason")]
    [InlineData(500, """{"message": 1}""", "it gives no reason")]
    [InlineData(302, "", "answers 302")]
    public async Task Refusals_are_told(int code, string body, string words)
    {
        using var status = await ServeAsync();
        answer = (code, body);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => status.PublishAsync("n", new NodeEpc(1 << 20, true), Ending));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("first", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_trusts_any_server_gives_its_token_away_and_this_one_does_not()
    {
        using var status = await ServeAsync(isImpostor: true);
        using var naive = new HttpClient(new HttpClientHandler
        {
            CheckCertificateRevocationList = true,
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, server!.Urls.First());
        request.Headers.Add("Authorization", "Bearer first");
        (await naive.SendAsync(request, Ending)).Dispose();
        Assert.Contains("Bearer first", Assert.Single(calls), StringComparison.Ordinal);
        calls.Clear();
        await Assert.ThrowsAsync<HttpRequestException>(() => status.ListAsync(Ending));
        Assert.Empty(calls);
    }

    [Theory]
    [InlineData(null, "443")]
    [InlineData("10.0.0.1", null)]
    [InlineData("", "443")]
    public void Outside_of_a_cluster_there_is_no_status(string? host, string? port) =>
        Assert.Null(NodeStatus.TryOpenOfPod(name => name == "KUBERNETES_SERVICE_HOST" ? host : port));

    private async Task<NodeStatus> ServeAsync(bool isImpostor = false)
    {
        using var authority = MakeCertificate();
        var certificate = isImpostor ? MakeCertificate() : authority;
        folder.Write("ca.crt", authority.ExportCertificatePem());
        folder.Write("token", "first\n");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, endPoint => endPoint.UseHttps(
                X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null))));
        server = builder.Build();
        server.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(Ending);
            var path = Microsoft.AspNetCore.Http.Extensions.UriHelper.BuildRelative(path: context.Request.Path);
            calls.Enqueue($"{context.Request.Method} {path} {context.Request.ContentType} {context.Request.Headers.Authorization} {body}");
            context.Response.StatusCode = answer.Status;
            await context.Response.WriteAsync(answer.Body, Ending);
        });
        await server.StartAsync(Ending);
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new NodeStatus(new Uri(address), folder.Path);
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
