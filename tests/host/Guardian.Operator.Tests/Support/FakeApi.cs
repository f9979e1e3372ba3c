using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Guardian.Kubernetes;
using Guardian.Operator.Objects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Guardian.Operator.Tests.Support;

/// <summary>An API server with sessions: lists, watches and statuses, as Kubernetes answers them.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<ObjectKey, JsonObject> objects = new();
    private readonly ConcurrentDictionary<Channel<string>, bool> watches = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly WebApplication server;
    private long generation;

    private FakeApi(WebApplication server) => this.server = server;

    public ClusterApi Client { get; private set; } = null!;

    /// <summary>The patches of statuses, in their order.</summary>
    public ConcurrentQueue<(ObjectKey Key, JsonNode Status)> Patches { get; } = new();

    /// <summary>The paths of lists and watches.</summary>
    public ConcurrentQueue<string> Reads { get; } = new();

    /// <summary>The number of patches that fail from now on.</summary>
    public int Failures { get; set; }

    /// <summary>The objects in one answer to a list.</summary>
    public int PageSize { get; set; } = int.MaxValue;

    public static async Task<FakeApi> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        using var certificate = LoopbackCertificate.Create();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, endPoint => endPoint.UseHttps(LoopbackCertificate.ForServer(certificate))));
        var api = new FakeApi(builder.Build());
        api.folder.Write("ca.crt", certificate.ExportCertificatePem());
        api.folder.Write("token", "secret\n");
        api.server.Run(api.AnswerAsync);
        await api.server.StartAsync();
        var address = api.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        api.Client = new ClusterApi(new Uri(address), api.folder.Path);
        return api;
    }

    /// <summary>Writes an object, as a user or an attacker does.</summary>
    public ObjectKey Put(string space, string name, JsonObject spec)
    {
        var key = new ObjectKey(space, name);
        var isNew = !objects.TryGetValue(key, out var before);
        var item = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["namespace"] = space, ["name"] = name, ["generation"] = Interlocked.Increment(ref generation),
            },
            ["spec"] = spec,
            ["status"] = before?["status"]?.DeepClone(),
        };
        objects[key] = item;
        Tell(isNew ? "ADDED" : "MODIFIED", item);
        return key;
    }

    public void Delete(ObjectKey key)
    {
        if (objects.TryRemove(key, out var item))
        {
            Tell("DELETED", item);
        }
    }

    /// <summary>Sends a line to all watches, and ends them.</summary>
    public void EndWatches(string line)
    {
        foreach (var watch in watches.Keys)
        {
            watch.Writer.TryWrite(line);
            watch.Writer.TryComplete();
        }
    }

    /// <summary>Waits until the condition of an object's status is as expected.</summary>
    public async Task<JsonNode> WaitAsync(ObjectKey key, Func<JsonNode, bool> expected)
    {
        while (true)
        {
            var item = objects.GetValueOrDefault(key);
            if (item?["status"]?["conditions"]?[0] is { } condition
                && (long)item["status"]!["observedGeneration"]! == (long)item["metadata"]!["generation"]! && expected(condition))
            {
                return item["status"]!;
            }
            await changed.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public Task<JsonNode> WaitAcceptedAsync(ObjectKey key) => WaitAsync(key, condition => (string?)condition["status"] == "True");

    public Task<JsonNode> WaitRefusedAsync(ObjectKey key) => WaitAsync(key, condition => (string?)condition["status"] == "False");

    /// <summary>Waits until somebody watches.</summary>
    public async Task WaitForWatchAsync(int count = 1)
    {
        while (Reads.Count(path => path.Contains("watch=1", StringComparison.Ordinal)) < count)
        {
            await changed.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var watch in watches.Keys)
        {
            watch.Writer.TryComplete();
        }
        Client.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
        changed.Dispose();
    }

    private void Tell(string type, JsonObject item)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString();
        foreach (var watch in watches.Keys)
        {
            watch.Writer.TryWrite(line);
        }
        changed.Release();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Assert.Equal("Bearer secret", context.Request.Headers.Authorization.ToString());
        if (context.Request.Method == "PATCH")
        {
            return PatchAsync(context, path.Split('/'));
        }
        if (path.Split('/') is [.., var space, SessionObject.Plural, var name])
        {
            return GetAsync(context, new ObjectKey(space, name));
        }
        Assert.Equal($"/{SessionObject.Collection}", path);
        return context.Request.Query.ContainsKey("watch") ? WatchAsync(context) : ListAsync(context);
    }

    private Task GetAsync(HttpContext context, ObjectKey key)
    {
        if (objects.TryGetValue(key, out var item))
        {
            return context.Response.WriteAsync(item.ToJsonString());
        }
        context.Response.StatusCode = 404;
        return context.Response.WriteAsync("""{"message": "not found"}""");
    }

    private async Task ListAsync(HttpContext context)
    {
        var from = int.TryParse(context.Request.Query["continue"], out var number) ? number : 0;
        var all = objects.OrderBy(item => (item.Key.Namespace, item.Key.Name)).Select(item => item.Value).ToList();
        var list = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = "1", ["continue"] = from + PageSize < all.Count && PageSize < all.Count ? $"{from + PageSize}" : null,
            },
            ["items"] = new JsonArray([.. all.Skip(from).Take(PageSize).Select(item => item.DeepClone())]),
        };
        Reads.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
        await context.Response.WriteAsync(list.ToJsonString());
    }

    private async Task WatchAsync(HttpContext context)
    {
        var watch = Channel.CreateUnbounded<string>();
        watches[watch] = true;
        await context.Response.StartAsync();
        Reads.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
        changed.Release();
        await foreach (var line in watch.Reader.ReadAllAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync(line + "\n");
            await context.Response.Body.FlushAsync();
        }
        watches.TryRemove(watch, out _);
    }

    // /apis/GROUP/VERSION/namespaces/NAMESPACE/sessions/NAME/status
    private async Task PatchAsync(HttpContext context, string[] path)
    {
        Assert.Equal(("status", "application/merge-patch+json"), (path[^1], context.Request.ContentType!.Split(';')[0]));
        var patch = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body))!;
        Assert.Equal("status", Assert.Single(patch).Key);
        var key = new ObjectKey(path[^4], path[^2]);
        if (Failures-- > 0)
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync("""{"message": "etcd is away"}""");
            return;
        }
        if (!objects.TryGetValue(key, out var item))
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("""{"message": "not found"}""");
            return;
        }
        item["status"] = patch["status"]!.DeepClone();
        Patches.Enqueue((key, patch["status"]!.DeepClone()));
        Tell("MODIFIED", item);
        await context.Response.WriteAsync("{}");
    }
}
