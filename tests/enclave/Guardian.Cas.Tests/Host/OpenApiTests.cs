using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Guardian.Cas.Tests.Host;

/// <summary>docs/spec/cas-openapi.json describes exactly the calls of the CAS and their members.</summary>
public sealed class OpenApiTests
{
    private static readonly (
        string Method, string Path, string Summary, JsonTypeInfo? Request, int Status, JsonTypeInfo? Response)[] Calls =
    [
        ("get", "/v1/health/live", "Whether the program lives.", null, 200, CasJson.Default.CasHealth),
        ("get", "/v1/health/ready", "Whether the CAS serves; 503 with the reason when it does not.", null, 200,
        CasJson.Default.CasHealth),
        ("get", "/v1/health", "The same as /v1/health/ready.", null, 200, CasJson.Default.CasHealth),
        ("get", "/v1/provisioning", "The certificate that clients of Gramine's secret provisioning trust.", null, 200,
        CasJson.Default.ProvisioningDescription),
        ("get", "/v1/audit", "Lines of the audit log after a number, and its signed end.", null, 200, CasJson.Default.AuditPage),
        ("get", "/v1/owners", "Who owns the CAS.", null, 200, CasJson.Default.OwnersDescription),
        ("post", "/v1/owners", "Become the owners of a CAS that has none.", CasJson.Default.OwnersClaim, 201,
        CasJson.Default.OwnersDescription),
        ("put", "/v1/owners", "Put other people in the place of the owners, who signed this body.", CasJson.Default.OwnersChange, 200,
        CasJson.Default.OwnersDescription),
        ("post", "/v1/upgrades", "Approve code of the CAS; the owners signed this body.", CasJson.Default.UpgradeApproval, 200,
        CasJson.Default.CasIdentity),
        ("get", "/v1/creation-rules", "The owners' rules for creators of sessions, for owners.", null, 200,
        CasJson.Default.CreationDescription),
        ("put", "/v1/creation-rules", "Replace the owners' rules for creators, who signed this body; it is YAML.", null, 200,
        CasJson.Default.CreationDescription),
        ("get", "/v1/identity", "The identity of the CAS, its code and its owners.", null, 200, CasJson.Default.CasIdentity),
        ("post", "/v1/store-key", "The store's key, for another enclave of this CAS.", null, 200, CasJson.Default.StoreKeyDescription),
        ("post", "/v1/sessions", "Create a session; the body is YAML.", null, 201, CasJson.Default.SessionDescription),
        ("get", "/v1/sessions", "Names of the sessions right below one, or for owners at the top; more with '&after=' the last name.", null,
        200, CasJson.Default.SessionList),
        ("put", "/v1/sessions/{name}", "Replace a session; the body is YAML.", null, 200, CasJson.Default.SessionDescription),
        ("get", "/v1/sessions/{name}", "Read a session, or with '?hash=' a former text of it.", null, 200,
        CasJson.Default.SessionDescription),
        ("delete", "/v1/sessions/{name}", "Delete a session. Its name is never used again.", null, 200, CasJson.Default.DeletionProgress),
        ("get", "/v1/history/{name}", "The former texts of a session.", null, 200, CasJson.Default.SessionHistoryDescription),
        ("get", "/v1/secrets", "The secrets of a session, without their values.", null, 200, CasJson.Default.SecretList),
        ("get", "/v1/secrets/{name}", "The value of a secret, for its readers.", null, 200, CasJson.Default.SecretReading),
        ("post", "/v1/start-tokens", "A token that admits one start of a service.", CasJson.Default.StartTokenRequest, 201,
        CasJson.Default.StartToken),
        ("get", "/v1/sealing-key", "The key to which people seal values for this CAS.", null, 200, CasJson.Default.SealingKey),
        ("put", "/v1/secrets/{name}", "Set the value of a secret.", CasJson.Default.SecretChange, 200, CasJson.Default.SecretDescription),
        ("post", "/v1/configurations", "The startup configuration of a service, for an enclave that its session admits.",
        CasJson.Default.ConfigurationRequest, 200, CasJson.Default.StartupConfiguration),
        ("post", "/v1/workload-certificates", "A new workload certificate, for a service that its session still admits.",
        CasJson.Default.ConfigurationRequest, 200, CasJson.Default.WorkloadConfiguration),
        ("get", "/v1/tags/{name}", "Read a freshness tag.", null, 200, CasJson.Default.TagDescription),
        ("put", "/v1/tags/{name}", "Move a freshness tag, if it is what the caller expects.", CasJson.Default.TagChange, 200,
        CasJson.Default.TagOutcome),
        ("get", "/v1/stdio-keys/{name}", "The key of a service's standard streams, for its readers.", null, 200,
        CasJson.Default.StdioKeyDescription),
        ("get", "/metrics", "What the CAS counts, for Prometheus.", null, 200, null),
    ];

    private static readonly Dictionary<string, string> Queries = new()
    {
        ["get /v1/audit"] = "after",
        ["get /v1/sessions"] = "below",
        ["get /v1/secrets"] = "session",
        ["get /v1/secrets/{name}"] = "session",
        ["get /v1/tags/{name}"] = "session",
        ["get /v1/stdio-keys/{name}"] = "session",
    };

    [Fact]
    public void The_document_describes_every_call_with_every_member()
    {
        var path = Repository.File("docs", "spec", "cas-openapi.json");
        var expected = Describe().ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }) + "\n";
        if (Environment.GetEnvironmentVariable("GUARDIAN_UPDATE") == "1")
        {
            File.WriteAllText(path, expected);
        }
        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public async Task The_document_lists_exactly_the_calls_that_the_cas_serves()
    {
        using var cas = new TestCas();
        await using var app = WebApplication.CreateSlimBuilder().Build();
        using var limits = new CallerLimits(1);
        CasEndpoints.Map(app, cas.Services, new CasMetrics(cas.Vault), limits, null);
        var served = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint =>
                $"{endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single().ToLowerInvariant()} "
                + $"{endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal)}");
        Assert.Equal(Calls.Select(call => $"{call.Method} {call.Path}").Order(), served.Order());
    }

    private static JsonObject Describe()
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var call in Calls)
        {
            var operation = new JsonObject { ["summary"] = call.Summary };
            var parameters = new JsonArray();
            if (call.Path.Contains("{name}", StringComparison.Ordinal))
            {
                parameters.Add(new JsonObject { ["name"] = "name", ["in"] = "path", ["required"] = true,
                    ["schema"] = new JsonObject { ["type"] = "string" } });
            }
            if (Queries.TryGetValue($"{call.Method} {call.Path}", out var query))
            {
                parameters.Add(new JsonObject { ["name"] = query, ["in"] = "query", ["required"] = true,
                    ["schema"] = new JsonObject { ["type"] = "string" } });
            }
            if (parameters.Count > 0)
            {
                operation["parameters"] = parameters;
            }
            if (call.Summary.EndsWith("YAML.", StringComparison.Ordinal))
            {
                operation["requestBody"] = new JsonObject
                {
                    ["required"] = true,
                    ["content"] = new JsonObject
                    {
                        ["application/yaml"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } },
                    },
                };
            }
            else if (call.Request is not null)
            {
                operation["requestBody"] = new JsonObject
                {
                    ["required"] = true,
                    ["content"] = Content("application/json", call.Request, schemas),
                };
            }
            operation["responses"] = new JsonObject
            {
                [$"{call.Status}"] = new JsonObject
                {
                    ["description"] = "Done.",
                    ["content"] = call.Response is null
                        ? new JsonObject { ["text/plain"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } } }
                        : Content("application/json", call.Response, schemas),
                },
                ["429"] = new JsonObject
                {
                    ["description"] = "The caller has as many calls under way as one may have.",
                    ["headers"] = new JsonObject
                    {
                        ["Retry-After"] = new JsonObject
                        {
                            ["description"] = "Seconds.",
                            ["schema"] = new JsonObject { ["type"] = "integer" },
                        },
                    },
                    ["content"] = Content("application/problem+json", CasJson.Default.CasProblem, schemas),
                },
                ["default"] = new JsonObject
                {
                    ["description"] = "Refused: RFC 9457.",
                    ["content"] = Content("application/problem+json", CasJson.Default.CasProblem, schemas),
                },
            };
            paths[call.Path] ??= new JsonObject();
            paths[call.Path]![call.Method] = operation;
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Guardian CAS",
                ["version"] = "1",
                ["description"] = "TLS 1.3. The server's certificate carries a quote: verify it before anything is sent. Callers are "
                    + "known by the key of their TLS client certificate; enclaves by the quote in it. docs/spec/session.md says what each "
                        + "call means.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonObject Content(string mediaType, JsonTypeInfo type, JsonObject schemas)
    {
        schemas[type.Type.Name] ??= JsonNode.Parse(
            // A repeated part of a type is a reference to its first place, relative to the type's own root.
            type.GetJsonSchemaAsNode().ToJsonString().Replace(
            "\"#/", $"\"#/components/schemas/{type.Type.Name}/", StringComparison.Ordinal));
        return new JsonObject
        {
            [mediaType] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{type.Type.Name}" } },
        };
    }
}
