using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.OpenStack.Placement;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Guardian.Bench.Fleet;

/// <summary>A Keystone, a Placement and a Nova with many hosts, on loopback. It counts requests.</summary>
internal sealed class LargeCloud : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, Provider> providers = new();
    private readonly WebApplication server;
    private readonly List<Guid> hosts = [];
    private long requests;

    /// <param name="hostCount">The hosts; nova-compute has made their providers.</param>
    public LargeCloud(int hostCount)
    {
        for (var i = 0; i < hostCount; i++)
        {
            var id = new Guid(i, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
            providers[id] = new Provider(id, Name(i), null, id);
            hosts.Add(id);
        }
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        server = builder.Build();
        server.Run(AnswerAsync);
    }

    /// <summary>The requests to Placement and Nova so far.</summary>
    public long Requests => Interlocked.Read(ref requests);

    /// <summary>The time that each answer takes.</summary>
    public TimeSpan ServiceTime { get; set; }

    /// <summary>Whether Placement answers 503.</summary>
    public bool IsAway { get; set; }

    public static string Name(int host) => $"host-{host}";

    /// <summary>Starts to listen.</summary>
    /// <returns>Keystone's address.</returns>
    public async Task<string> StartAsync()
    {
        await server.StartAsync();
        return server.Urls.First() + "/identity/v3";
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Claims 8 MiB on the first section of every fourth host.</summary>
    public void ClaimOnSome()
    {
        for (var i = 0; i < hosts.Count; i += 4)
        {
            var section = providers.Values.First(provider => provider.Name == Epc.MakeProviderName(Name(i), 0));
            section.Consumer = new Guid(i, 2, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
            section.Generation++;
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (!path.StartsWith("/identity", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref requests);
        }
        if (IsAway)
        {
            context.Response.StatusCode = 503;
            return;
        }
        if (ServiceTime > TimeSpan.Zero)
        {
            await Task.Delay(ServiceTime);
        }
        var body = context.Request.ContentLength is > 0 ? await JsonNode.ParseAsync(context.Request.Body) : null;
        var answer = path.StartsWith("/identity", StringComparison.Ordinal) ? Authenticate(context)
            : path.StartsWith("/compute", StringComparison.Ordinal) ? AnswerNova(path, context.Request.Query)
            : AnswerPlacement(context.Request.Method, path["/placement/".Length..].Split('/'), context.Request.Query, body);
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes);
    }

    private JsonObject Authenticate(HttpContext context)
    {
        context.Response.StatusCode = 201;
        context.Response.Headers["X-Subject-Token"] = "token";
        JsonObject Entry(string type, string path) => new()
        {
            ["type"] = type,
            ["endpoints"] = new JsonArray(new JsonObject { ["interface"] = "public", ["url"] = server.Urls.First() + path }),
        };
        return new JsonObject
        {
            ["token"] = new JsonObject
            {
                ["expires_at"] = "2999-01-01T00:00:00Z",
                ["catalog"] = new JsonArray(Entry("placement", "/placement"), Entry("compute", "/compute/v2.1")),
            },
        };
    }

    private JsonObject AnswerNova(string path, IQueryCollection query)
    {
        var isFirst = !query.ContainsKey("marker");
        return path.EndsWith("os-hypervisors/detail", StringComparison.Ordinal)
            ? Page("hypervisors", isFirst ? hosts.Select((id, i) => new JsonObject
            {
                ["id"] = id,
                ["hypervisor_hostname"] = Name(i),
                ["state"] = "up",
                ["status"] = "enabled",
                ["service"] = new JsonObject { ["host"] = Name(i) },
            }) : [])
            : path.EndsWith("servers/detail", StringComparison.Ordinal)
            ? Page("servers", isFirst ? providers.Values.Where(provider => provider.Consumer is not null).Select(section => new JsonObject
            {
                ["id"] = section.Consumer,
                ["name"] = "server",
                ["status"] = "ACTIVE",
                ["tenant_id"] = "p",
                ["flavor"] = new JsonObject
                {
                    ["original_name"] = "sgx.8m",
                    ["extra_specs"] = new JsonObject { ["resources:" + Epc.ResourceClass] = "8" },
                },
                ["OS-EXT-SRV-ATTR:hypervisor_hostname"] = providers[section.Root].Name,
                ["OS-EXT-STS:power_state"] = 1,
            }) : [])
            : Page("migrations", []);
    }

    private JsonObject AnswerPlacement(string method, string[] path, IQueryCollection query, JsonNode? body) => (method, path) switch
    {
        ("GET", ["traits"]) => new() { ["traits"] = new JsonArray([.. Epc.CustomTraits.Select(trait => (JsonNode)trait)]) },
        ("GET", ["allocation_candidates"]) => Summaries(),
        ("GET", ["resource_providers"]) => Page("resource_providers", Find(query).Select(provider => provider.ToJson())),
        ("POST", ["resource_providers"]) => Create((string)body!["name"]!, Guid.Parse((string)body["parent_provider_uuid"]!)).ToJson(),
        ("GET", ["resource_providers", var id, "inventories"]) => providers[Guid.Parse(id)].ReadInventories(),
        ("PUT", ["resource_providers", var id, "inventories"]) => providers[Guid.Parse(id)].SetInventories(body!),
        ("GET", ["resource_providers", var id, "traits"]) => providers[Guid.Parse(id)].ReadTraits(),
        ("PUT", ["resource_providers", var id, "traits"]) => providers[Guid.Parse(id)].SetTraits(body!),
        ("GET", ["resource_providers", var id, "usages"]) => providers[Guid.Parse(id)].ReadUsages(),
        ("GET", ["resource_providers", var id, "allocations"]) => providers[Guid.Parse(id)].ReadAllocations(),
        // Definitions of the resource class and of traits.
        _ => [],
    };

    private IEnumerable<Provider> Find(IQueryCollection query) => query switch
    {
        _ when query["name"] is [{ } name] => providers.Values.Where(provider => provider.Name == name),
        _ when query["in_tree"] is [{ } tree] => providers.Values.Where(provider => provider.Root == Guid.Parse(tree)),
        _ when query["required"] is [{ } trait] => providers.Values.Where(provider => provider.Traits.Contains(trait)),
        _ => providers.Values,
    };

    private Provider Create(string name, Guid parent)
    {
        var made = new Provider(Guid.NewGuid(), name, parent, parent);
        return providers[made.Id] = made;
    }

    private JsonObject Summaries() => new()
    {
        ["allocation_requests"] = new JsonArray(),
        ["provider_summaries"] = new JsonObject(providers.Values.Select(provider =>
            KeyValuePair.Create(provider.Id.ToString(), (JsonNode?)provider.Summarise()))),
    };

    private static JsonObject Page(string name, IEnumerable<JsonObject> items) => new() { [name] = new JsonArray([.. items]) };
}
