using System.Net;
using Guardian.Cli.Tests.Support;
using Guardian.Metering;
using Guardian.OpenStack.Tests;

namespace Guardian.Cli.Tests;

/// <summary>The commands of day 2 against pretended services and daemons: drain, capacity, and questions to all hosts.</summary>
[Trait("Starts", "processes")]
public sealed class CloudOperationsTests : IDisposable
{
    private const string Id = "00000000-0000-4000-8000-00000000000";

    private static readonly string[] Period = ["--start", "2026-01-10", "--end", "2026-01-12"];

    private readonly TemporaryFolder folder = new();
    private readonly ServedCloud served;

    public CloudOperationsTests()
    {
        served = new ServedCloud(folder);
        Hosts("host");
        Servers("ACTIVE");
        Pages("os-migrations?", "migrations", "");
        On("GET", "/placement/traits?", """{"traits": ["CUSTOM_SGX_HEALTHY", "CUSTOM_SGX_EPC_SECTION"]}""");
        On("GET", "/placement/allocation_candidates?", """{"allocation_requests": [], "provider_summaries": {}}""");
    }

    public void Dispose()
    {
        served.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Capacity_counts_the_servers_that_still_fit_on_hosts_that_take_guests()
    {
        Pages("flavors/detail?", "flavors", """
            {"id": "1", "name": "sgx.8m", "vcpus": 1, "ram": 128, "disk": 0, "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}},
            {"id": "2", "name": "sgx.big", "vcpus": 3, "ram": 128, "disk": 0, "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}},
            {"id": "3", "name": "plain", "vcpus": 1, "ram": 128, "disk": 0, "extra_specs": {}}
            """);
        On("GET", "/placement/allocation_candidates?resources=CUSTOM_SGX_EPC_MB:1", $$"""
            {"allocation_requests": [], "provider_summaries": {
             "{{Id}}1": {"traits": ["CUSTOM_SGX_HEALTHY", "HW_CPU_X86_SGX"], "root_provider_uuid": "{{Id}}1", "parent_provider_uuid": null,
              "resources": {"VCPU": {"capacity": 8, "used": 1}, "MEMORY_MB": {"capacity": 1536, "used": 128} } },
             "{{Id}}2": {"traits": [], "root_provider_uuid": "{{Id}}1", "parent_provider_uuid": "{{Id}}1",
              "resources": {"CUSTOM_SGX_EPC_MB": {"capacity": 60, "used": 8} } },
             "{{Id}}4": {"traits": [], "root_provider_uuid": "{{Id}}4", "parent_provider_uuid": null,
              "resources": {"VCPU": {"capacity": 800, "used": 0}, "MEMORY_MB": {"capacity": 153600, "used": 0},
              "CUSTOM_SGX_EPC_MB": {"capacity": 6000, "used": 0} } } } }
            """);

        // 52 MiB of EPC are free, and 7 processors. The other host is not healthy.
        Assert.Equal(
            """{"flavors":[{"flavor":"sgx.8m","mebibytes":8,"servers":6,"hosts":1},"""
            + """{"flavor":"sgx.big","mebibytes":8,"servers":2,"hosts":1}]}""",
            (await RunAsync("cloud", "capacity", "--cloud", "mine", "--json")).Ends(0).Json.ToJsonString());

        Pages("os-hypervisors/detail?", "hypervisors", Host(1, "host", status: "disabled"));
        Assert.Contains(
            "| sgx.8m  |       8 |       0 |     0 |", (await RunAsync("cloud", "capacity", "--cloud", "mine")).Ends(0).Output,
            StringComparison.Ordinal);

        On("GET", "/placement/traits?", """{"traits": []}""");
        On("GET", "/placement/allocation_candidates?", """{"errors": [{"detail": "No such resource"}]}""");
        Assert.Equal(0, (int)(await RunAsync("cloud", "capacity", "--cloud", "mine", "--json")).Ends(0).Json["flavors"]![0]!["servers"]!);
    }

    [Theory]
    [InlineData("moves", "other", 0, "moved to other")]
    [InlineData("finds no host", "host", 1, "stays: no other host took it")]
    [InlineData("fails", "host", 1, "stays: it is in the state ERROR now")]
    [InlineData("is refused", "host", 1, "stays: nova POST servers/")]
    [InlineData("is resized", "host", 1, "stays: its owner has resized it")]
    [InlineData("is broken", "host", 1, "stays: Nova moves no server in the state ERROR")]
    public async Task Drain_disables_the_host_and_moves_its_servers(string outcome, string target, int exitCode, string words)
    {
        var state = "ACTIVE";
        Servers(outcome switch { "is resized" => "VERIFY_RESIZE", "is broken" => "ERROR", _ => "ACTIVE" });
        var (isUnderWay, confirmations) = (false, 0);
        served.Cloud.On("GET /compute/v2.1/os-services?binary=nova-compute", $$"""
            {"services": [{"id": "{{Id}}5", "host": "other", "state": "up", "status": "enabled"},
             {"id": "{{Id}}6", "host": "host", "state": "up", "status": "enabled"}]}
            """);
        On("PUT", $"/compute/v2.1/os-services/{Id}6", "{}");
        served.Cloud.On($"POST /compute/v2.1/servers/{Id}9/action", request =>
        {
            var body = request.Content!.ReadAsStringAsync().Result;
            if (outcome == "is refused")
            {
                return PretendedCloud.Json(HttpStatusCode.BadRequest, """{"badRequest": {"message": "No.", "code": 400}}""");
            }
            if (body.Contains("confirmResize", StringComparison.Ordinal))
            {
                confirmations++;
            }
            else
            {
                isUnderWay = true;
            }
            return PretendedCloud.Json(HttpStatusCode.Accepted, "");
        });
        served.Cloud.On($"GET /compute/v2.1/servers/{Id}9", _ =>
        {
            // Nova shows no task while it confirms.
            var isConfirmed = confirmations > 0 && confirmations++ > 1;
            state = isConfirmed ? "ACTIVE" : state;
            var task = isUnderWay ? "\"resize_migrating\"" : "null";
            if (isUnderWay)
            {
                (isUnderWay, state) = (false, outcome switch { "moves" => "VERIFY_RESIZE", "fails" => "ERROR", _ => "ACTIVE" });
            }
            return PretendedCloud.Json(HttpStatusCode.OK, $$$"""
                {"server": {"id": "{{{Id}}}9", "name": "s", "status": "{{{(task == "null" ? state : "ACTIVE")}}}", "tenant_id": "p",
                 "flavor": {"original_name": "sgx.8m", "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}},
                 "OS-EXT-SRV-ATTR:hypervisor_hostname": "{{{(isConfirmed ? target : "host")}}}", "OS-EXT-STS:task_state": {{{task}}}}}
                """);
        });

        var listed = (await DrainAsync("host", "--dry-run")).Ends(0);
        Assert.Contains("s (8 MiB): would move", listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(served.Cloud.Requests, request => request.Request.StartsWith("PUT", StringComparison.Ordinal));

        var drained = (await DrainAsync("host")).Ends(exitCode);
        Assert.Contains(words, drained.Output, StringComparison.Ordinal);
        Assert.Contains("openstack compute service set --enable host nova-compute", drained.Output, StringComparison.Ordinal);
        Sent($"PUT /compute/v2.1/os-services/{Id}6", "\"status\":\"disabled\",\"disabled_reason\":\"guardian cloud drain\"");
        (await DrainAsync("nowhere")).Ends(1).Says("Nova has no host 'nowhere'");
    }

    [Fact]
    public async Task TDX_guests_are_drained_too_because_they_cannot_move_while_they_run()
    {
        Pages("servers/detail?", "servers", $$$"""
            {"id": "{{{Id}}}9", "name": "t", "status": "ACTIVE", "tenant_id": "p",
             "flavor": {"original_name": "tdx.small", "extra_specs": {"resources:CUSTOM_TDX_KEY": "1"}},
             "OS-EXT-SRV-ATTR:hypervisor_hostname": "host", "OS-EXT-STS:power_state": 1}
            """);
        Assert.Contains("t (TDX): would move", (await DrainAsync("host", "--dry-run")).Ends(0).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1441")]
    public async Task A_drain_without_a_sensible_time_disables_nothing(string minutes)
    {
        (await DrainAsync("host", "--minutes", minutes)).Ends(2).Says("--minutes takes 1 to 1440");
        Assert.Empty(served.Cloud.Requests);
    }

    [Fact]
    public async Task Usage_asks_all_hosts_and_names_the_one_that_is_away()
    {
        Hosts("127.0.0.1", "127.0.0.2");
        Usage();
        served.Cloud.On("GET /v1/journal", _ => Text(Journal(8)));
        string[] show = ["usage", "show", "--cloud", "mine", .. Period, "--all-nodes", AllNodes];

        var away = (await RunAsync([.. show, "--json"])).Ends(1).Says("127.0.0.2 is away");
        Assert.Equal(80, (double)away.Json["epcMebibyteHours"]!);
        Assert.Equal("127.0.0.2", (string)away.Json["missingHosts"]![0]!["host"]!);
        Assert.Contains("does not give its journal", (string)away.Json["missingHosts"]![0]!["problem"]!, StringComparison.Ordinal);
        Assert.Contains("EPC MB-Hours", (await RunAsync(show)).Ends(1).Output, StringComparison.Ordinal);
        (await RunAsync(["usage", "list", .. show[2..], "--csv"])).Ends(1).Says("127.0.0.2 is away");

        // A damaged journal of one host leaves the bill's other parts, too.
        served.Cloud.On("GET /v1/journal", _ => Text("no journal\n" + Journal(8)));
        Assert.Equal(2, (await RunAsync([.. show, "--json"])).Ends(1).Json["missingHosts"]!.AsArray().Count);

        Hosts("127.0.0.1");
        served.Cloud.On("GET /v1/journal", _ => Text(Journal(16)));
        var all = (await RunAsync([.. show, "--json"])).Ends(0);
        Assert.Equal((160, 0), ((double)all.Json["epcMebibyteHours"]!, all.Json["missingHosts"]!.AsArray().Count));
    }

    [Theory]
    [InlineData("https://node:9471")]
    [InlineData("HOST:9471")]
    [InlineData("ftp://HOST/")]
    public async Task An_address_that_names_no_hosts_is_told_before_anything_is_asked(string address)
    {
        (await RunAsync("usage", "list", "--cloud", "mine", "--all-nodes", address)).Ends(2).Says($"'{address}' is no address with HOST");
        Assert.Empty(served.Cloud.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("two words")]
    [InlineData("tök")]
    public async Task A_file_without_a_token_is_refused(string token)
    {
        var file = folder.Write("token", token);
        (await RunAsync("usage", "dataframes", "--node", "http://127.0.0.1:1", "--node-token-file", file)).Ends(2).Says("has no token");
    }

    [Fact]
    public async Task A_token_goes_to_no_host_in_clear()
    {
        Hosts("192.0.2.1");
        Usage();
        (await RunAsync(
            "usage", "show", "--cloud", "mine", "--all-nodes", "http://HOST:9471", "--node-token-file", folder.Write("token", "secret")))
            .Ends(2).Says("would get the token without encryption");
    }

    [Fact]
    public async Task Status_shows_each_daemon_and_the_one_that_is_away()
    {
        Hosts("127.0.0.1", "127.0.0.2");
        Servers(null);
        On("GET", "/metrics", """
            guardian_node_info{host="127.0.0.1",version="1.2.3"} 1
            guardian_inventory_published_timestamp_seconds{host="127.0.0.1"} 1768046400
            guardian_relay_refusals_total{host="127.0.0.1",reason="no-claim"} 2
            guardian_relay_refusals_total{host="127.0.0.1",reason="lost-epc-claim"} 3
            guardian_inventory_published_timestamp_seconds{host="127.0.0.1"} 1e300
            {{{{ not a sample

            """);
        string[] status = ["cloud", "status", "--cloud", "mine", "--all-nodes", AllNodes];

        var json = (await RunAsync([.. status, "--json"])).Ends(1).Json["hosts"]!;
        var daemon = json[0]!["daemon"]!;
        Assert.Equal(
            ("1.2.3", "2026-01-10T12:00:00+00:00", 5, null),
            ((string)daemon["version"]!, (string)daemon["publishedAt"]!, (int)daemon["refusals"]!, daemon["problem"]));
        Assert.Contains("does not give its metrics", (string)json[1]!["daemon"]!["problem"]!, StringComparison.Ordinal);
        var people = (await RunAsync(status)).Ends(1);
        Assert.Contains("| 127.0.0.1 | 1.2.3  | 2026-01-10 12:00:00Z |        5 |", people.Output, StringComparison.Ordinal);
        Assert.Contains("127.0.0.2: http://127.0.0.2:", people.Output, StringComparison.Ordinal);

        Hosts("127.0.0.1");
        (await RunAsync(status)).Ends(0);
    }

    private string AllNodes => served.Address.Replace("127.0.0.1", "HOST", StringComparison.Ordinal);

    private static HttpResponseMessage Text(string text) =>
        new(HttpStatusCode.OK) { Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(text)) };

    private static string Journal(int mebibytes)
    {
        var launched = new DateTimeOffset(2026, 1, 10, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var record = JournalRecord.At(
            new ClockReading(Guid.Empty, 1_000_000, launched), JournalKind.Defined, Guid.Parse(Id + "9"), mebibytes);
        return System.Text.Encoding.UTF8.GetString(record.ToLine());
    }

    private static string Host(int id, string name, string status = "enabled") => $$$"""
        {"id": "{{{Id}}}{{{id}}}", "hypervisor_hostname": "{{{name}}}", "state": "up", "status": "{{{status}}}",
         "service": {"host": "{{{name}}}"}}
        """;

    // Hosts with a pool of EPC each, and without claims.
    private void Hosts(params string[] names)
    {
        Pages("os-hypervisors/detail?", "hypervisors", string.Join(',', names.Select((name, index) => Host(index + 1, name))));
        On("GET", "/placement/resource_providers?required=", $$"""
            {"resource_providers": [{{string.Join(',', names.Select((name, index) => $$"""
                {"uuid": "{{Id}}{{index + 1}}", "name": "{{name}}", "generation": 1, "parent_provider_uuid": null,
                 "root_provider_uuid": "{{Id}}{{index + 1}}"}
                """))}}]}
            """);
        for (var host = 1; host <= names.Length; host++)
        {
            On("GET", $"/placement/resource_providers/{Id}{host}/inventories", """
                {"resource_provider_generation": 1, "inventories": {"CUSTOM_SGX_EPC_MB": {
                 "total": 64, "reserved": 0, "min_unit": 1, "max_unit": 64, "step_size": 1, "allocation_ratio": 1.0} } }
                """);
            On("GET", $"/placement/resource_providers/{Id}{host}/allocations",
                """{"resource_provider_generation": 1, "allocations": {} }""");
        }
    }

    private void Servers(string? state) => Pages("servers/detail?", "servers", state is null ? "" : $$$"""
        {"id": "{{{Id}}}9", "name": "s", "status": "{{{state}}}", "tenant_id": "p",
         "flavor": {"original_name": "sgx.8m", "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}},
         "OS-EXT-SRV-ATTR:hypervisor_hostname": "host", "OS-EXT-STS:power_state": 1}
        """);

    // Ten hours of the server.
    private void Usage()
    {
        const string Used = $$"""
            {"tenant_id": "project-1", "total_vcpus_usage": 10, "total_memory_mb_usage": 1280, "total_local_gb_usage": 0,
             "total_hours": 10, "server_usages": [
             {"instance_id": "{{Id}}9", "name": "s", "flavor": "sgx.8m", "hours": 10.0, "vcpus": 1, "memory_mb": 128, "local_gb": 0,
              "tenant_id": "project-1", "started_at": "2026-01-10T12:00:00.000000", "ended_at": null}]}
            """;
        Pages("flavors/detail?", "flavors", "");
        On("GET", "/identity/v3/projects", """{"projects": [{"id": "project-1", "name": "one"}]}""");
        served.Cloud.On("GET /compute/v2.1/os-simple-tenant-usage", request =>
        {
            var isOne = request.RequestUri!.AbsolutePath.EndsWith("project-1", StringComparison.Ordinal);
            var isEnd = request.RequestUri.Query.Contains("marker=", StringComparison.Ordinal);
            return PretendedCloud.Json(HttpStatusCode.OK, isOne
                ? $$"""{"tenant_usage": {{(isEnd ? "{}" : Used)}} }"""
                : $$"""{"tenant_usages": [{{(isEnd ? "" : Used)}}]}""");
        });
    }

    private void On(string method, string path, string json) => served.Cloud.On($"{method} {path}", json);

    private void Pages(string path, string name, string items) =>
        served.Cloud.On($"GET /compute/v2.1/{path}", request => PretendedCloud.Json(
        HttpStatusCode.OK,
        $$"""{"{{name}}": [{{(request.RequestUri!.Query.Contains("marker=", StringComparison.Ordinal) ? "" : items)}}]}"""));

    private void Sent(string request, string body) =>
        Assert.Contains(served.Cloud.Requests, sent => sent.Request == request && sent.Body.Contains(body, StringComparison.Ordinal));

    private Task<Result> DrainAsync(params string[] arguments) => RunAsync(["cloud", "drain", "--cloud", "mine", .. arguments]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
