using System.Net;
using System.Text.Json;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Hosting;
using Guardian.Tests;
using Microsoft.AspNetCore.Builder;

namespace Guardian.Cas.Tests.Host;

/// <summary>Requests that no call answers are refused in the form of all refusals.</summary>
public sealed class ProblemTests
{
    [Theory]
    [InlineData("GET", "/", 404, "no-such-call")]
    [InlineData("GET", "/v1/nothing", 404, "no-such-call")]
    [InlineData("PATCH", "/v1/sessions/a/b", 405, "no-such-call")]
    [InlineData("DELETE", "/v1/audit", 405, "no-such-call")]
    [InlineData("GET", "/fault", 500, "internal")]
    public async Task A_request_that_no_call_answers_gets_a_problem(string method, string path, int status, string reason)
    {
        using var cas = new TestCas();
        using var limits = new CallerLimits(512);
        using var certificate = LoopbackCertificate.Create();
        using var shown = LoopbackCertificate.ForServer(certificate);
        var settings = new HttpsSettings(() => new() { ServerCertificate = shown }, 1024) { Refuse = CasEndpoints.RefuseAsync };
        await using var app = HttpsServer.Create("test", new IPEndPoint(IPAddress.Loopback, 0), settings, server =>
        {
            CasEndpoints.Map(server, cas.Services, new CasMetrics(cas.Vault, workshop: cas.Services.Workshop), limits, null);
            server.MapGet("/fault", _ => throw new ArithmeticException("a secret"));
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, peer, _, _) => peer!.GetRawCertData().SequenceEqual(certificate.RawData),
            },
        });
        using var request = new HttpRequestMessage(new HttpMethod(method), HttpsServer.AddressOf(app) + path);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize(body, CasJson.Default.CasProblem)!;
        Assert.Equal((status, status, reason), ((int)answer.StatusCode, problem.Status, problem.Title));
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
    }
}
