using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;

namespace Guardian.Node.Tests.Publishing;

/// <summary>An in-memory Placement with generations, as far as inventories need it; and a Keystone.</summary>
internal sealed class PretendedPlacement : HttpMessageHandler
{
    private readonly Dictionary<Guid, Provider> providers = [];

    /// <summary>Runs before each change, as a writer that is faster.</summary>
    public Action<string>? BeforeChange { get; set; }

    public bool IsAway { get; set; }

    /// <summary>The address that the catalog gives for Placement.</summary>
    public string Address { get; init; } = "http://cloud/placement";

    /// <summary>Answers a request in place of the cloud; a result of null lets the cloud answer.</summary>
    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>>? Trouble { get; set; }

    /// <summary>The EPC of a consumer, in MiB by provider.</summary>
    public ConcurrentDictionary<Guid, Dictionary<Guid, long>> Claims { get; } = [];

    /// <summary>The providers at which a consumer has claimed the right to the provisioning key.</summary>
    public ConcurrentDictionary<Guid, List<Guid>> Keys { get; } = [];

    /// <summary>The providers at which a consumer has claimed a TDX key.</summary>
    public ConcurrentDictionary<Guid, List<Guid>> TdxKeys { get; } = [];

    /// <summary>The number of requests about consumers' claims.</summary>
    public int Lookups;

    public List<string> Changes { get; } = [];

    /// <summary>The number of requests to Placement.</summary>
    public int Requests { get; set; }

    public Provider this[string name] => providers.Values.Single(provider => provider.Name == name);

    public IEnumerable<string> Names => providers.Values.Select(provider => provider.Name).Order();

    /// <summary>Adds an EPC section below a host.</summary>
    public Provider AddSection(Provider host, int node)
    {
        var provider = new Provider { Id = Guid.NewGuid(), Name = Epc.MakeProviderName(host.Name, node), Parent = host.Id };
        return providers[provider.Id] = provider;
    }

    public Provider AddHost(string name, params string[] traits)
    {
        var provider = new Provider { Id = Guid.NewGuid(), Name = name };
        provider.Traits.UnionWith(traits);
        return providers[provider.Id] = provider;
    }

    public void Remove(string name) => providers.Remove(this[name].Id);

    public CloudSession Connect()
    {
        var settings = new CloudSettings(new Dictionary<string, string>
        {
            ["auth_url"] = "http://cloud/identity",
            ["username"] = "u",
            ["password"] = "p",
            ["project_name"] = "p",
        })
        {
            MaxAttempts = 1,
        };
        return new CloudSession(settings, TimeProvider.System, this);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (IsAway)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused");
        }
        if (request.RequestUri!.AbsolutePath.Contains("/allocations/", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref Lookups);
        }
        if (Trouble is { } trouble && await trouble(request, cancellationToken) is { } answer)
        {
            return answer;
        }
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var path = request.RequestUri!.PathAndQuery;
        if (path.StartsWith("/identity", StringComparison.Ordinal))
        {
            return Token();
        }
        Requests++;
        if (request.Method != HttpMethod.Get)
        {
            Changes.Add($"{request.Method} {path}");
            BeforeChange?.Invoke($"{request.Method} {path}");
        }
        var parts = request.RequestUri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        return (request.Method.Method, parts, body) switch
        {
            ("PUT", ["traits" or "resource_classes", _], _) => new HttpResponseMessage(HttpStatusCode.Created),
            ("GET", ["allocations", var id], _) => Allocations(Guid.Parse(id)),
            ("GET", ["resource_providers", var id], _) => Json(providers[Guid.Parse(id)].ToJson()),
            ("GET", ["resource_providers"], _) => List(request.RequestUri.Query),
            ("POST", ["resource_providers"], _) => Create(JsonNode.Parse(body)!),
            (_, ["resource_providers", var id, var what], _) => Part(request.Method, providers[Guid.Parse(id)], what, body),
            _ => new HttpResponseMessage(HttpStatusCode.NotFound),
        };
    }

    private HttpResponseMessage Allocations(Guid consumer)
    {
        var allocations = new JsonObject();
        foreach (var (provider, mebibytes) in Claims.GetValueOrDefault(consumer) ?? [])
        {
            allocations[provider.ToString()] = new JsonObject { ["resources"] = new JsonObject { [Epc.ResourceClass] = mebibytes } };
        }
        var keys = (Keys.GetValueOrDefault(consumer) ?? []).Select(provider => (provider, Epc.ProvisionKeyClass));
        var tdxKeys = (TdxKeys.GetValueOrDefault(consumer) ?? []).Select(provider => (provider, Tdx.ResourceClass));
        foreach (var (provider, resourceClass) in keys.Concat(tdxKeys))
        {
            var claimed = allocations[provider.ToString()] ??= new JsonObject { ["resources"] = new JsonObject() };
            claimed["resources"]![resourceClass] = 1;
        }
        return Json(new JsonObject { ["allocations"] = allocations });
    }

    private HttpResponseMessage List(string query)
    {
        bool Matches(Provider provider) => query.StartsWith("?name=", StringComparison.Ordinal)
            ? provider.Name == Uri.UnescapeDataString(query[6..])
            : provider.Root == Guid.Parse(query["?in_tree=".Length..]);
        var found = providers.Values.Where(Matches).Select(provider => provider.ToJson());
        return Json(new JsonObject { ["resource_providers"] = new JsonArray([.. found]) });
    }

    private HttpResponseMessage Create(JsonNode body)
    {
        var provider = new Provider { Id = Guid.NewGuid(), Name = (string)body["name"]!, Parent = (Guid?)body["parent_provider_uuid"] };
        providers[provider.Id] = provider;
        return Json(provider.ToJson());
    }

    private static HttpResponseMessage Part(HttpMethod method, Provider provider, string what, string body)
    {
        if (method == HttpMethod.Put)
        {
            var update = JsonNode.Parse(body)!;
            if ((long)update["resource_provider_generation"]! != provider.Generation)
            {
                var error = new JsonObject { ["detail"] = "generation conflict" };
                return Json(new JsonObject { ["errors"] = new JsonArray(error) }, HttpStatusCode.Conflict);
            }
            provider.Generation++;
            if (what == "traits")
            {
                provider.Traits.Clear();
                provider.Traits.UnionWith(update["traits"]!.AsArray().Select(trait => (string)trait!));
            }
            else
            {
                provider.Inventories = update["inventories"]!.DeepClone().AsObject();
            }
        }
        var answer = new JsonObject { ["resource_provider_generation"] = provider.Generation };
        answer[what] = what switch
        {
            "traits" => new JsonArray([.. provider.Traits.Select(trait => JsonValue.Create(trait))]),
            "usages" => new JsonObject { [Epc.ResourceClass] = provider.Used },
            _ => provider.Inventories.DeepClone(),
        };
        return Json(answer);
    }

    private HttpResponseMessage Token()
    {
        var endpoint = new JsonObject { ["interface"] = "public", ["url"] = Address };
        var entry = new JsonObject { ["type"] = "placement", ["endpoints"] = new JsonArray(endpoint) };
        var token = new JsonObject { ["expires_at"] = "2999-01-01T00:00:00.000000Z", ["catalog"] = new JsonArray(entry) };
        var answer = Json(new JsonObject { ["token"] = token }, HttpStatusCode.Created);
        answer.Headers.Add("X-Subject-Token", "token");
        return answer;
    }

    private static HttpResponseMessage Json(JsonObject json, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(json.ToJsonString(), Encoding.UTF8, "application/json") };

    internal sealed class Provider
    {
        public required Guid Id { get; init; }

        public required string Name { get; init; }

        public Guid? Parent { get; init; }

        public Guid Root => Parent ?? Id;

        public long Generation { get; set; }

        public long Used
        {
            get;
            set
            {
                field = value;
                Generation++;
            }
        }

        public HashSet<string> Traits { get; } = [];

        public JsonObject Inventories { get; set; } = [];

        public (long Total, long Reserved)? Epc => Inventories[Guardian.OpenStack.Placement.Epc.ResourceClass] is { } inventory
            ? ((long)inventory["total"]!, (long)inventory["reserved"]!)
            : null;

        public JsonObject ToJson() => new()
        {
            ["uuid"] = Id,
            ["name"] = Name,
            ["generation"] = Generation,
            ["parent_provider_uuid"] = Parent,
            ["root_provider_uuid"] = Root,
        };
    }
}
