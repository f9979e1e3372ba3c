using System.Collections.Concurrent;
using System.Net;
using Guardian.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Tests.Support;

/// <summary>An API server with one answer to every call.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly WebApplication server;

    private FakeApiServer(WebApplication server) => this.server = server;

    public ConcurrentQueue<string> Calls { get; } = new();

    public (int Status, string Body) Answer { get; set; } = (200, "{}");

    public string Address => server.Urls.First();

    public ClusterApi Client { get; private set; } = null!;

    /// <param name="folder">Gets the service account's files.</param>
    /// <param name="isImpostor">Whether the server's certificate is of another authority.</param>
    public static async Task<FakeApiServer> StartAsync(TemporaryFolder folder, bool isImpostor = false)
    {
        using var authority = LoopbackCertificate.Create();
        using var other = LoopbackCertificate.Create();
        folder.Write("ca.crt", authority.ExportCertificatePem());
        folder.Write("token", "first\n");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, endPoint => endPoint.UseHttps(LoopbackCertificate.ForServer(isImpostor ? other : authority))));
        var api = new FakeApiServer(builder.Build());
        api.server.Run(api.AnswerAsync);
        await api.server.StartAsync();
        var address = api.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        api.Client = new ClusterApi(new Uri(address), folder.Path);
        return api;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var path = Microsoft.AspNetCore.Http.Extensions.UriHelper.BuildRelative(
            path: context.Request.Path, query: context.Request.QueryString);
        Calls.Enqueue($"{context.Request.Method} {path} {context.Request.ContentType} {context.Request.Headers.Authorization} {body}");
        context.Response.StatusCode = Answer.Status;
        await context.Response.WriteAsync(Answer.Body);
    }
}
