using System.Net;
using Guardian.OpenStack.Tests;

namespace Guardian.Cli.Tests.Support;

/// <summary>A pretended cloud that programs can reach, as the cloud 'mine' of <c>clouds.yaml</c> in their folder.</summary>
internal sealed class ServedCloud : IDisposable
{
    public const string Password = "p4ssword";

    private readonly HttpMessageInvoker invoker;
    private readonly LoopbackServer server;

    public ServedCloud(TemporaryFolder folder)
    {
        invoker = new HttpMessageInvoker(Cloud);
        server = new LoopbackServer(AnswerAsync);
        Cloud.Address = Address;
        folder.Write("clouds.yaml",
            $"clouds:\n  mine:\n    auth: {{auth_url: '{Address}/identity/v3', username: u, password: {Password}, project_name: p}}\n");
    }

    public PretendedCloud Cloud { get; } = new();

    public string Address => server.Address.TrimEnd('/');

    public void Dispose()
    {
        server.Dispose();
        invoker.Dispose();
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), context.Request.Url)
        {
            Content = new StreamContent(context.Request.InputStream),
        };
        foreach (var name in context.Request.Headers.AllKeys)
        {
            request.Headers.TryAddWithoutValidation(name!, context.Request.Headers[name]);
        }
        using var answer = await invoker.SendAsync(request, CancellationToken.None);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers)
        {
            context.Response.Headers[name] = string.Join(',', values);
        }
        await answer.Content.CopyToAsync(context.Response.OutputStream);
    }
}
