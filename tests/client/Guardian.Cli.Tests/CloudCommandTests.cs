using System.Net;
using Guardian.Cli.Tests.Desk;
using Guardian.Cli.Tests.Support;
using Guardian.OpenStack.Tests;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian cloud</c> against pretended services.</summary>
[Trait("Starts", "processes")]
public sealed partial class CloudCommandTests : IDisposable
{
    private const string Id = "00000000-0000-4000-8000-00000000000";

    private readonly TemporaryFolder folder = new();
    private readonly ServedCloud served;

    public CloudCommandTests()
    {
        served = new ServedCloud(folder);
        // A cloud with one host that has 64 MiB of EPC, of which a server holds 8.
        On("GET", "/placement/resource_providers?required=", $$"""{"resource_providers": [{{Provider(2, "host_sgx_epc_0")}}]}""");
        Inventory(2, 64, 4, 64);
        Claim(8);
        Summaries();
        On(
            "GET", "/placement/traits?",
            """{"traits": ["CUSTOM_SGX_FLC", "CUSTOM_SGX2", "CUSTOM_SGX_HEALTHY", "CUSTOM_SGX_EPC_SECTION"]}""");
        On("GET", "/placement/resource_classes", """{"resource_classes": [{"name": "CUSTOM_SGX_EPC_MB"}]}""");
        On("PUT", "/placement/", "{}");
        Pages("os-hypervisors/detail?", "hypervisors",
            $$$"""{"id": "{{{Id}}}1", "hypervisor_hostname": "host", "state": "up", "status": "enabled", "service": {"host": "host"}}""");
        Pages("servers/detail?", "servers", $$$"""
            {"id": "{{{Id}}}9", "name": "s", "status": "ACTIVE", "tenant_id": "p",
             "flavor": {"original_name": "sgx.8m", "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}},
             "OS-EXT-SRV-ATTR:hypervisor_hostname": "host", "OS-EXT-STS:power_state": 1}
            """);
        Pages("os-migrations?", "migrations", "");
        Pages("flavors/detail?", "flavors", """
            {"id": "1", "name": "sgx.8m", "vcpus": 1, "ram": 128, "disk": 0,
             "extra_specs": {
              "resources:CUSTOM_SGX_EPC_MB": "8", "trait:HW_CPU_X86_SGX": "required", "trait:CUSTOM_SGX_HEALTHY": "required"}}
            """);
        Aggregates("host");
    }

    public void Dispose()
    {
        served.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Setup_leaves_alone_what_is_right()
    {
        var people = (await SetupAsync("--flavor", "sgx.8m:1:128:0:8")).Ends(0);

        Assert.All(people.Output.TrimEnd().Split('\n'), line => Assert.StartsWith("unchanged", line, StringComparison.Ordinal));
        Assert.Contains("unchanged    flavor sgx.8m", people.Output, StringComparison.Ordinal);
        Assert.Empty(people.Error);
        Assert.DoesNotContain(served.Cloud.Requests, request => request.Request.StartsWith("POST /compute", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Setup_makes_what_is_missing_and_says_what_is_left_to_do()
    {
        On("GET", "/placement/traits?", """{"traits": []}""");
        On("GET", "/placement/resource_classes", """{"resource_classes": [{"name": "VCPU"}]}""");
        Pages("flavors/detail?", "flavors", "");
        served.Cloud.On("GET /compute/v2.1/os-aggregates", """{"aggregates": []}""")
            .On("POST /compute/v2.1/os-aggregates", _ => { Aggregates(); return PretendedCloud.Json(HttpStatusCode.OK, "{}"); });
        On("POST", "/compute/v2.1/os-aggregates/7/action", """{"aggregate": {"id": 7, "name": "sgx", "hosts": [], "metadata": {}}}""");
        On("POST", "/compute/v2.1/flavors", """{"flavor": {"id": "made", "name": "mine", "vcpus": 2, "ram": 256, "disk": 1}}""");
        On("POST", "/compute/v2.1/flavors/made/os-extra_specs", "{}");

        var result = (await SetupAsync("--flavor", "mine:2:256:1:16", "--host", "other", "--json")).Ends(0)
            .Says("enable_isolated_aggregate_filtering = true");

        var steps = result.Json["steps"]!.AsArray();
        Assert.All(steps, step => Assert.Equal("changed", (string)step!["state"]!));
        Assert.Equal(
            ["aggregate sgx", "flavor mine", "host host in aggregate sgx", "host other in aggregate sgx", "isolation of aggregate sgx",
            "resource class CUSTOM_SGX_EPC_MB"],
            steps.Select(step => (string)step!["what"]!).Where(what => !what.StartsWith("trait ", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
        Sent("PUT /placement/resource_classes/CUSTOM_SGX_EPC_MB", "");
        Sent("POST /compute/v2.1/os-aggregates/7/action", "\"host\":\"other\"");
        Sent("POST /compute/v2.1/os-aggregates/7/action", "\"trait:HW_CPU_X86_SGX\":\"required\"");
        Sent("POST /compute/v2.1/flavors/made/os-extra_specs", "\"resources:CUSTOM_SGX_EPC_MB\":\"16\"");
    }

    [Fact]
    public async Task Setup_replaces_no_flavor_of_that_name()
    {
        var result = (await SetupAsync("--flavor", "sgx.8m:2:128:0:8")).Ends(1);

        Assert.Contains("conflicting  flavor sgx.8m: it has 1 vCPU, 128 MiB RAM, 0 GiB disk", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(served.Cloud.Requests, request => request.Request.StartsWith("POST /compute", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Setup_makes_a_flavor_of_TDX_guests_beside_the_others()
    {
        On("POST", "/compute/v2.1/flavors", """{"flavor": {"id": "made", "name": "tdx.small", "vcpus": 2, "ram": 4096, "disk": 20}}""");
        On("POST", "/compute/v2.1/flavors/made/os-extra_specs", "{}");

        var result = (await SetupAsync("--flavor", "sgx.8m:1:128:0:8", "--tdx-flavor", "tdx.small:2:4096:20")).Ends(0);

        Assert.Contains("unchanged    flavor sgx.8m", result.Output, StringComparison.Ordinal);
        Assert.Contains("changed      resource class CUSTOM_TDX_KEY", result.Output, StringComparison.Ordinal);
        Sent("PUT /placement/resource_classes/CUSTOM_TDX_KEY", "");
        Sent("POST /compute/v2.1/flavors/made/os-extra_specs", "\"resources:CUSTOM_TDX_KEY\":\"1\"");
        (await SetupAsync("--tdx-flavor", "tdx.small:2:4096:20:8")).Ends(2).Says("is no flavor");
    }

    [Theory]
    [InlineData("sgx.8m")]
    [InlineData("sgx.8m:1:128:0:0")]
    [InlineData("sgx.8m:1:128:0:eight")]
    [InlineData(":1:128:0:8")]
    public async Task What_is_no_flavor_is_told_before_anything_is_asked(string flavor)
    {
        (await SetupAsync("--flavor", flavor)).Ends(2).Says($"'{flavor}' is no flavor");
        Assert.Empty(served.Cloud.Requests);
    }

    [Fact]
    public async Task Status_shows_each_host_and_ends_with_0_when_claims_and_servers_agree()
    {
        var people = (await StatusAsync()).Ends(0);
        Assert.Contains("claims and servers agree", people.Output, StringComparison.Ordinal);
        var row = people.Output.Split('\n').Single(line => line.Contains("| host ", StringComparison.Ordinal));
        Assert.Equal(["host", "up", "yes", "1", "64", "4", "8", "52", "52", "1"],
            row.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

        var json = (await StatusAsync("--json")).Ends(0).Json;
        Assert.Equal(
            """[{"host":"host","state":"up","healthy":true,"sections":1,"totalMebibytes":64,"reservedMebibytes":4,"claimedMebibytes":8,"""
            + "\"freeMebibytes\":52,\"largestFreeMebibytes\":52,\"guests\":1}]",
            json["hosts"]!.ToJsonString());
        Assert.Empty(json["drift"]!.AsArray());
        Assert.Empty(json["leftovers"]!.AsArray());
    }

    [Theory]
    [InlineData(32, 32, 56)]
    [InlineData(64, 64, 60)]
    [InlineData(64, 16, 56)]
    public async Task Status_adds_up_the_sections_of_a_host_and_tells_the_largest_claim_that_one_of_them_takes(
        int second, int mostAtOnce, int largest)
    {
        On("GET", "/placement/resource_providers?required=",
            $$"""{"resource_providers": [{{Provider(2, "host_sgx_epc_0")}}, {{Provider(3, "host_sgx_epc_1")}}]}""");
        Inventory(3, second, 0, mostAtOnce);
        Claim(4);
        Claim(4, provider: 3);

        var host = (await StatusAsync("--json")).Ends(0).Json["hosts"]![0]!;
        Assert.Equal((2, 64 + second, 4, 8),
            ((int)host["sections"]!, (int)host["totalMebibytes"]!, (int)host["reservedMebibytes"]!, (int)host["claimedMebibytes"]!));
        Assert.Equal((52 + second, largest, 1), ((int)host["freeMebibytes"]!, (int)host["largestFreeMebibytes"]!, (int)host["guests"]!));
    }

    [Fact]
    public async Task Status_asks_no_provider_for_what_Placement_has_told_of_all()
    {
        const string OfProvider = $"GET /placement/resource_providers/{Id}";
        On("GET", "/placement/resource_providers?required=",
            $$"""
            {"resource_providers": [{{Provider(1, "host")}}, {{Provider(2, "host_sgx_epc_0")}}, {{Provider(3, "host_sgx_epc_1")}}]}
            """);
        Inventory(3, 32, 0, 32);
        Summaries(
            (1, "\"CUSTOM_SGX_HEALTHY\"", """ "VCPU": {"capacity": 8, "used": 1} """),
            (2, "", """ "CUSTOM_SGX_EPC_MB": {"capacity": 60, "used": 8} """),
            (3, "", """ "CUSTOM_SGX_EPC_MB": {"capacity": 32, "used": 0} """));

        var host = (await StatusAsync("--json")).Ends(0).Json["hosts"]![0]!;
        Assert.Equal((96, 84, 8), ((int)host["totalMebibytes"]!, (int)host["freeMebibytes"]!, (int)host["claimedMebibytes"]!));
        // Neither the host's own provider, nor the claims on a section that has none.
        Assert.Equal(
            ["2/allocations", "2/inventories", "3/inventories"],
            served.Cloud.Requests.Select(request => request.Request)
                .Where(request => request.StartsWith(OfProvider, StringComparison.Ordinal))
                .Select(request => request[OfProvider.Length..]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(16, "the claim is not what the server's flavor requests")]
    [InlineData(0, "the server has no claim")]
    public async Task Status_ends_with_1_when_they_disagree(int claimed, string problem)
    {
        Claim(claimed);

        var people = (await StatusAsync()).Ends(1);
        Assert.Contains($"{Id}9 on host: claimed {claimed} MiB, expected 8 MiB: {problem}", people.Output, StringComparison.Ordinal);
        Assert.Equal(problem, (string)(await StatusAsync("--json")).Ends(1).Json["drift"]![0]!["problem"]!);
    }

    [Fact]
    public async Task A_cloud_that_is_not_named_refuses_or_is_away_is_told()
    {
        (await RunAsync("cloud", "setup")).Ends(2).Says("no cloud is given");
        (await RunAsync("cloud", "status")).Ends(2).Says("no cloud is given");

        served.Cloud.On("PUT /placement/", _ => PretendedCloud.Json(
            HttpStatusCode.Forbidden, """{"errors": [{"status": 403, "detail": "Access was denied to this resource."}]}"""));
        (await SetupAsync()).Ends(1).Says("Access was denied to this resource");

        On("GET", "/placement/traits?", "[]");
        (await StatusAsync()).Ends(3).Says("is not what placement documents");

        served.Dispose();
        Assert.Equal("unreachable", (string)(await StatusAsync("--json")).Ends(3).Says("no answer").Json["error"]!);
    }

    [Theory]
    [InlineData("evacuation", "done", "host", 0)]
    [InlineData("evacuation", "completed", "host", 0)]
    [InlineData("evacuation", "failed", "host", 1)]
    [InlineData("evacuation", "done", "another", 1)]
    [InlineData("migration", "done", "host", 1)]
    public async Task A_claim_that_an_evacuation_left_behind_is_no_disagreement(string type, string status, string source, int exitCode)
    {
        // The server runs on a host that has no provider of EPC here; its old host is down.
        Pages("os-hypervisors/detail?", "hypervisors",
            $$$"""{"id": "{{{Id}}}1", "hypervisor_hostname": "host", "state": "down", "status": "enabled", "service": {"host": "host"}}""");
        Server("{}", host: "other");
        Pages("os-migrations?", "migrations", $$"""
            {"uuid": "{{Id}}8", "instance_uuid": "{{Id}}9", "status": "{{status}}", "migration_type": "{{type}}",
             "source_node": "{{source}}", "dest_node": "other"}
            """);
        On(
            "GET", "/placement/resource_providers?required=CUSTOM_SGX_HEALTHY",
            $$"""{"resource_providers": [{{Provider(1, "host")}}]}""");
        On(
            "GET", $"/placement/resource_providers/{Id}1/inventories",
            """{"resource_provider_generation": 1, "inventories": {}}""");

        var json = (await StatusAsync("--json")).Ends(exitCode).Json;
        Assert.Equal((exitCode, 1 - exitCode), (json["drift"]!.AsArray().Count, json["leftovers"]!.AsArray().Count));
        Assert.False((bool)json["hosts"]![0]!["healthy"]!);
        if (exitCode == 0)
        {
            Assert.Contains(
                $"{Id}9 on host: claimed 8 MiB, expected 0 MiB: left behind by the evacuation to other; "
                + "goes when nova-compute on host is back",
                (await StatusAsync()).Ends(0).Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_flavor_that_asks_where_nobody_claims_is_named_by_setup_and_its_servers_by_status()
    {
        const string Specs = """{"sgx:epc_size": "1024"}""";
        Pages("flavors/detail?", "flavors", $$"""
            {"id": "1", "name": "old", "vcpus": 1, "ram": 128, "disk": 0, "extra_specs": {{Specs}}}
            """);
        On("POST", "/compute/v2.1/flavors", """{"flavor": {"id": "made", "name": "mine", "vcpus": 2, "ram": 256, "disk": 1}}""");
        On("POST", "/compute/v2.1/flavors/made/os-extra_specs", "{}");
        var setup = (await SetupAsync("--flavor", "mine:2:256:1:16")).Ends(1);
        Assert.Contains("conflicting  flavor old: it asks for EPC with sgx:epc_size alone", setup.Output, StringComparison.Ordinal);
        Assert.Contains(
            "openstack flavor set --property resources:CUSTOM_SGX_EPC_MB=1024 --property trait:HW_CPU_X86_SGX=required "
            + "--property trait:CUSTOM_SGX_HEALTHY=required old",
            setup.Output, StringComparison.Ordinal);

        Claim(0);
        Server(Specs);
        var drift = (await StatusAsync("--json")).Ends(1).Json["drift"]!.AsArray();
        Assert.Equal(1024, (int)drift[0]!["expectedMebibytes"]!);
        Assert.Contains("asks with sgx:epc_size alone", (string)drift[0]!["problem"]!, StringComparison.Ordinal);
    }

    private void Server(string specs, string host = "host", string status = "ACTIVE") =>
        Pages("servers/detail?", "servers", MakeServer(specs, host, status));

    [Fact]
    public async Task The_web_page_shows_the_same_hosts()
    {
        using var desk = await OpenDesk.StartAsync(folder.Path);
        await desk.EnterAsync();
        Assert.Contains("A name of <code>clouds.yaml</code>", await desk.GetAsync("/cloud"), StringComparison.Ordinal);
        var page = await desk.GetAsync("/cloud?cloud=mine&show=1");
        Assert.Contains("Claims and servers agree.", page, StringComparison.Ordinal);
        Assert.Matches("<th scope=\"row\">host</th>.*healthy.*<td>64</td>\\s*<td>4</td>\\s*<td>8</td>\\s*<td>52</td>",
            page.ReplaceLineEndings(""));
    }

    private static string Provider(int id, string name) =>
        $$"""
        {"uuid": "{{Id}}{{id}}", "name": "{{name}}", "generation": 1,
         "parent_provider_uuid": "{{Id}}1", "root_provider_uuid": "{{Id}}1"}
        """;

    private void Inventory(int provider, int total, int reserved, int mostAtOnce) => On(
        "GET", $"/placement/resource_providers/{Id}{provider}/inventories",
        $$"""
        {"resource_provider_generation": 1, "inventories": {"CUSTOM_SGX_EPC_MB": {
         "total": {{total}}, "reserved": {{reserved}}, "min_unit": 1, "max_unit": {{mostAtOnce}}, "step_size": 1,
         "allocation_ratio": 1.0} } }
        """);

    private void Claim(int mebibytes, int provider = 2)
    {
        var claim = mebibytes > 0 ? $$$""" "{{{Id}}}9": {"resources": {"CUSTOM_SGX_EPC_MB": {{{mebibytes}}} } } """ : "";
        On("GET", $"/placement/resource_providers/{Id}{provider}/allocations",
            $$"""{"resource_provider_generation": 1, "allocations": { {{claim}} } }""");
    }

    // All that Placement tells about providers with free EPC: provider, traits, and "CLASS": [capacity, used].
    private void Summaries(params (int Provider, string Traits, string Resources)[] providers) => On(
        "GET", "/placement/allocation_candidates?resources=CUSTOM_SGX_EPC_MB:1",
        $$"""
        {"allocation_requests": [], "provider_summaries": { {{string.Join(',', providers.Select(provider => $$"""
            "{{Id}}{{provider.Provider}}": {"traits": [{{provider.Traits}}], "root_provider_uuid": "{{Id}}1",
             "resources": { {{provider.Resources}} } }
            """))}} } }
        """);

    private void Aggregates(params string[] hosts) => On(
        "GET", "/compute/v2.1/os-aggregates",
        $$$"""
        {"aggregates": [{"id": 7, "name": "sgx", "hosts": [{{{string.Join(',', hosts.Select(host => $"\"{host}\""))}}}],
         "metadata": {"trait:HW_CPU_X86_SGX": "{{{(hosts.Length > 0 ? "required" : "")}}}"}}]}
        """);

    private void On(string method, string path, string json) => served.Cloud.On($"{method} {path}", json);

    private void Pages(string path, string name, string items) =>
        served.Cloud.On($"GET /compute/v2.1/{path}", request => PretendedCloud.Json(
        HttpStatusCode.OK,
        $$"""{"{{name}}": [{{(request.RequestUri!.Query.Contains("marker=", StringComparison.Ordinal) ? "" : items)}}]}"""));

    private void Sent(string request, string body) =>
        Assert.Contains(served.Cloud.Requests, sent => sent.Request == request && sent.Body.Contains(body, StringComparison.Ordinal));

    private Task<Result> SetupAsync(params string[] arguments) => RunAsync(["cloud", "setup", "--cloud", "mine", .. arguments]);

    private Task<Result> StatusAsync(params string[] arguments) => RunAsync(["cloud", "status", "--cloud", "mine", .. arguments]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
