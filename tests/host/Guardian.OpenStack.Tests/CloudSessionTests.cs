using System.Net;
using System.Net.Sockets;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.OpenStack.Tests;

public class CloudSessionTests
{
    private const string NoAllocations = """{"allocations": {}}""";

    private static readonly Guid Instance = Guid.Parse("8f5a9d2e-0000-4000-8000-000000000001");

    [Theory]
    [InlineData(HttpStatusCode.OK, NoAllocations, true)]
    [InlineData(HttpStatusCode.Forbidden, "{}", true)]
    [InlineData(HttpStatusCode.NotFound, "{}", true)]
    [InlineData(HttpStatusCode.Unauthorized, "{}", false)]
    [InlineData(HttpStatusCode.TooManyRequests, "{}", false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "{}", false)]
    [InlineData(HttpStatusCode.OK, "<html>sign in</html>", false)]
    public async Task A_session_knows_whether_each_service_answered_last(HttpStatusCode status, string body, bool isUp)
    {
        using var cloud = new PretendedCloud().On("GET /placement/allocations/", _ => PretendedCloud.Json(status, body));
        using var session = cloud.Connect(attempts: 1);
        Assert.Empty(session.Answers);
        try
        {
            await new PlacementClient(session).GetAllocationsAsync(Instance);
        }
        catch (RefusedException)
        {
            // The answers say so too.
        }
        Assert.Equal((true, isUp), (session.Answers["keystone"], session.Answers["placement"]));
    }

    // A null where a type has none is no answer of the service, wherever it stands.
    [Theory]
    [InlineData("""{"allocations": {"8f5a9d2e-0000-4000-8000-000000000001": null}}""")]
    [InlineData("""{"allocations": {"8f5a9d2e-0000-4000-8000-000000000001": {"resources": null}}}""")]
    [InlineData("""{"allocations": {"8f5a9d2e-0000-4000-8000-000000000001": {"resources": {"VCPU": null}}}}""")]
    [InlineData("""{"allocations": null}""")]
    [InlineData("null")]
    public async Task An_answer_with_a_null_is_refused(string body)
    {
        using var cloud = new PretendedCloud().On("GET /placement/", body).On("GET /compute/", """{"servers": [null]}""");
        using var session = cloud.Connect(attempts: 1);
        var failure = await Assert.ThrowsAsync<RefusedException>(() => new PlacementClient(session).GetAllocationsAsync(Instance));
        Assert.Equal(CloudReasons.BadAnswer, failure.Refusal.Reason);
        failure = await Assert.ThrowsAsync<RefusedException>(() => new NovaClient(session).ListServersAsync());
        Assert.Equal(CloudReasons.BadAnswer, failure.Refusal.Reason);
    }

    [Fact]
    public async Task A_service_that_gives_the_first_page_for_ever_does_not_hold_a_list_and_makes_no_bill()
    {
        const string Usage = """
            {"tenant_id": "p", "total_vcpus_usage": 1, "total_memory_mb_usage": 1, "total_local_gb_usage": 1, "total_hours": 1,
             "server_usages": [{"instance_id": "8f5a9d2e-0000-4000-8000-000000000001", "name": "s", "flavor": "f", "hours": 1, "vcpus": 1,
             "memory_mb": 1, "local_gb": 1, "tenant_id": "p", "started_at": "2026-01-10T12:00:00"}]}
            """;
        using var cloud = new PretendedCloud()
            .On("GET /compute/v2.1/flavors/", """{"flavors": [{"id": "1", "name": "a", "vcpus": 1, "ram": 1, "disk": 0}]}""")
            .On("GET /compute/v2.1/os-simple-tenant-usage?", $$"""{"tenant_usages": [{{Usage}}]}""")
            .On("GET /compute/v2.1/os-simple-tenant-usage/", $$"""{"tenant_usage": {{Usage}}}""");
        using var session = cloud.Connect();
        var nova = new NovaClient(session);
        Assert.Single(await nova.ListFlavorsAsync());
        var (start, end) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        foreach (var read in new Func<Task>[] { () => nova.ListUsagesAsync(start, end), () => nova.GetUsageAsync("p", start, end) })
        {
            var failure = await Assert.ThrowsAsync<RefusedException>(read);
            Assert.Equal(CloudReasons.BadAnswer, failure.Refusal.Reason);
            Assert.Contains("8f5a9d2e-0000-4000-8000-000000000001 is in the answer", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_service_that_has_too_many_requests_is_asked_again()
    {
        var isAsked = false;
        using var cloud = new PretendedCloud().On("GET /placement/", _ =>
        {
            var answer = PretendedCloud.Json(isAsked ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, NoAllocations);
            isAsked = true;
            return answer;
        });
        using var session = cloud.Connect();
        Assert.Empty((await new PlacementClient(session).GetAllocationsAsync(Instance)).Allocations);
    }

    [Fact]
    public async Task A_rotated_password_shows_in_the_answers_of_Keystone()
    {
        using var cloud = new PretendedCloud().On("POST /identity/v3/auth/tokens", _ =>
            PretendedCloud.Json(HttpStatusCode.Unauthorized, "{}"));
        using var session = cloud.Connect(attempts: 1);
        await Assert.ThrowsAsync<RefusedException>(() => new PlacementClient(session).GetAllocationsAsync(Instance));
        Assert.False(session.Answers["keystone"]);
        Assert.False(session.Answers.ContainsKey("placement"));
    }

    [Fact]
    public async Task A_request_carries_the_token_and_the_microversion_and_goes_to_the_public_endpoint()
    {
        using var cloud = new PretendedCloud().On("GET /placement/allocations/", NoAllocations);
        using var session = cloud.Connect();

        await new PlacementClient(session).GetAllocationsAsync(Instance);
        await new PlacementClient(session).GetAllocationsAsync(Instance);

        Assert.Equal(1, cloud.Tokens);
        Assert.Equal(($"GET /placement/allocations/{Instance}", "token-1", "placement 1.29", ""), cloud.Requests[^1]);
    }

    [Fact]
    public async Task An_endpoint_without_version_gets_one()
    {
        using var cloud = new PretendedCloud().On("GET /compute/v2.1/os-aggregates", """{"aggregates": []}""");
        using var session = cloud.Connect();

        Assert.Empty(await new NovaClient(session).ListAggregatesAsync());
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    public async Task A_redirection_is_told_and_gets_no_password(int status)
    {
        var asked = new List<string>();
        using var service = new HttpListener();
        var address = $"http://127.0.0.1:{FindPort()}";
        service.Prefixes.Add(address + "/");
        service.Start();
        var serving = Task.Run(async () =>
        {
            while (await service.GetContextAsync() is { } context)
            {
                asked.Add(context.Request.RawUrl!);
                (context.Response.StatusCode, context.Response.RedirectLocation) = (status, "https://cloud.example/v3/auth/tokens");
                context.Response.Close();
            }
        });
        using var session = new CloudSession(
            new CloudSettings(new Dictionary<string, string>
            {
                ["auth_url"] = address + "/v3", ["username"] = "u", ["password"] = "p4ssword", ["project_name"] = "p",
            }),
            TimeProvider.System);
        var failure = await Assert.ThrowsAsync<RefusedException>(() => new NovaClient(session).ListAggregatesAsync());
        Assert.Equal(
            "keystone POST auth/tokens: the service is at https://cloud.example/v3/auth/tokens, which auth_url or the catalog must name",
            failure.Message);
        Assert.Equal(["/v3/auth/tokens"], asked);
        service.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);

        static int FindPort()
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
    }

    [Fact]
    public async Task A_revoked_token_is_replaced_once()
    {
        using var cloud = new PretendedCloud().On("GET /placement/allocations/", request =>
            request.Headers.GetValues("X-Auth-Token").Single() == "token-1"
                ? new HttpResponseMessage(HttpStatusCode.Unauthorized)
                : PretendedCloud.Json(HttpStatusCode.OK, NoAllocations));
        using var session = cloud.Connect();

        await new PlacementClient(session).GetAllocationsAsync(Instance);

        Assert.Equal(2, cloud.Tokens);
    }

    [Fact]
    public async Task A_token_about_to_expire_is_renewed()
    {
        using var cloud = new PretendedCloud { TokenLife = TimeSpan.FromSeconds(10) }.On("GET /placement/allocations/", NoAllocations);
        using var session = cloud.Connect();

        await new PlacementClient(session).GetAllocationsAsync(Instance);
        await new PlacementClient(session).GetAllocationsAsync(Instance);

        Assert.Equal(2, cloud.Tokens);
    }

    [Fact]
    public async Task A_service_out_of_order_is_asked_again()
    {
        var asked = 0;
        using var cloud = new PretendedCloud().On("GET /placement/allocations/", _ => ++asked switch
        {
            1 => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable),
            2 => throw new HttpRequestException("reset"),
            _ => PretendedCloud.Json(HttpStatusCode.OK, NoAllocations),
        });
        using var session = cloud.Connect();

        Assert.Empty((await new PlacementClient(session).GetAllocationsAsync(Instance)).Allocations);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task What_would_happen_twice_is_not_sent_twice()
    {
        var asked = 0;
        using var cloud = new PretendedCloud().On("POST /compute/v2.1/flavors", _ =>
        {
            asked++;
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection broke after the request was sent");
        });
        using var session = cloud.Connect();

        var failure = await Assert.ThrowsAsync<RefusedException>(() => new NovaClient(session).CreateFlavorAsync("f", 1, 128, 0));

        Assert.Equal((CloudReasons.Unreachable, 1), (failure.Refusal.Reason, asked));
        Assert.True(failure.IsTransient);
    }

    [Theory]
    [InlineData(
        HttpStatusCode.Conflict, """{"errors": [{"status": 409, "detail": "resource provider generation conflict"}]}""",
        "conflict", "generation conflict")]
    [InlineData(
        HttpStatusCode.Forbidden, """{"forbidden": {"message": "Policy doesn't allow it", "code": 403}}""",
        "forbidden", "Policy doesn't allow it")]
    [InlineData(HttpStatusCode.BadGateway, "<html>bad gateway</html>", "unreachable", "502 (BadGateway)")]
    [InlineData(HttpStatusCode.NotFound, """{"itemNotFound": {"message": "No \u001b[31m\nred"}}""", "not-found", "404: No [31m red")]
    [InlineData(HttpStatusCode.OK, "[]", "bad-answer", "is not what placement documents")]
    [InlineData(HttpStatusCode.OK, "{}", "bad-answer", "is not what placement documents")]
    [InlineData(HttpStatusCode.OK, """{"allocations": null}""", "bad-answer", "is not what placement documents")]
    public async Task What_a_service_says_is_told(HttpStatusCode status, string body, string code, string words)
    {
        using var cloud = new PretendedCloud().On("GET /placement/allocations/", _ => PretendedCloud.Json(status, body));
        using var session = cloud.Connect(attempts: 1);

        var failure = await Assert.ThrowsAsync<RefusedException>(() => new PlacementClient(session).GetAllocationsAsync(Instance));

        Assert.Equal(code, failure.Refusal.Code);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_telling_the_password()
    {
        const string Error = """
            {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}}
            """;
        using var cloud = new PretendedCloud()
            .On("POST /identity/v3/auth/tokens", _ => PretendedCloud.Json(HttpStatusCode.Unauthorized, Error));
        using var session = cloud.Connect();

        var failure = await Assert.ThrowsAsync<RefusedException>(() => session.GetProjectAsync());

        Assert.Equal(CloudReasons.Unauthorized, failure.Refusal.Reason);
        Assert.DoesNotContain("p4ssword", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_is_read_page_by_page_and_added_up()
    {
        static string Page(params int[] servers) => $$"""
            {"tenant_usage": {{(servers.Length == 0 ? "{}" : $$"""
            {"tenant_id": "t", "total_vcpus_usage": {{servers.Length}}, "total_memory_mb_usage": 128.5, "total_local_gb_usage": 0,
             "total_hours": 1, "start": "x", "stop": "y",
             "server_usages": [{{string.Join(',', servers.Select(i => $$"""
               {"instance_id": "00000000-0000-0000-0000-00000000000{{i}}", "name": "s", "flavor": "sgx.8m", "hours": 1.5, "vcpus": 1,
                "memory_mb": 128, "local_gb": 0, "tenant_id": "t", "started_at": "2026-01-01T00:00:00.000000", "ended_at": null,
                "state": "active", "uptime": 5}
            """))}}]}
            """)}}}
            """;
        static string Answer(string query) => query switch
        {
            _ when query.Contains("marker=00000000-0000-0000-0000-000000000002", StringComparison.Ordinal) => Page(3),
            _ when query.Contains("marker", StringComparison.Ordinal) => Page(),
            _ => Page(1, 2),
        };
        using var cloud = new PretendedCloud().On(
            "GET /compute/v2.1/os-simple-tenant-usage/t?",
            request => PretendedCloud.Json(HttpStatusCode.OK, Answer(request.RequestUri!.Query)));
        using var session = cloud.Connect();

        var usage = await new NovaClient(session).GetUsageAsync("t", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));

        Assert.Equal((3, 257, 3), (usage.TotalVcpusUsage, usage.TotalMemoryMbUsage, usage.ServerUsages!.Count));
        Assert.Contains("start=1970-01-01T00:00:00.000000", cloud.Requests[^1].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claims_are_told_by_section_and_only_those_of_the_host()
    {
        Guid Id(int number) => new(number, 0, 0, new byte[8]);
        string Provider(int id, string name, int root) => $$"""
            {"uuid": "{{Id(id)}}", "name": "{{name}}", "generation": 3,
             "parent_provider_uuid": {{(id == root ? "null" : $"\"{Id(root)}\"")}}, "root_provider_uuid": "{{Id(root)}}", "links": []}
            """;
        string Claim(int id, int mebibytes) =>
            $$""" "{{Id(id)}}": {"generation": 1, "resources": {"CUSTOM_SGX_EPC_MB": {{mebibytes}}, "VCPU": 1 } } """;
        using var cloud = new PretendedCloud()
            .On($"GET /placement/allocations/{Instance}", $$"""
                {"allocations": { {{Claim(3, 64)}}, {{Claim(2, 8)}}, {{Claim(5, 9)}},
                 "{{Id(1)}}": {"generation": 1, "resources": {"MEMORY_MB": 128 } } },
                 "project_id": "p", "user_id": "u", "consumer_generation": 1}
                """)
            .On($"GET /placement/resource_providers/{Id(1)}", Provider(1, "host-a", 1))
            .On($"GET /placement/resource_providers/{Id(2)}", Provider(2, "host-a_sgx_epc_0", 1))
            .On($"GET /placement/resource_providers/{Id(3)}", Provider(3, "host-a_sgx_epc_1", 1))
            .On($"GET /placement/resource_providers/{Id(5)}", Provider(5, "host-b", 5));
        using var session = cloud.Connect();

        var claims = await new EpcClaims(new PlacementClient(session)).ReadAsync(Instance, "host-a");

        Assert.Equal([new EpcClaim(Id(2), 0, 8), new EpcClaim(Id(3), 1, 64)], claims);
        Assert.Equal([new EpcClaim(Id(5), null, 9)], await new EpcClaims(new PlacementClient(session)).ReadAsync(Instance, "host-b"));
    }
}
