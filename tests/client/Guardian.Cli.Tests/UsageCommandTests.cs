using System.Globalization;
using System.Net;
using Guardian.Cli.Tests.Support;
using Guardian.Metering;
using Guardian.OpenStack.Tests;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian usage</c> against a pretended Nova and journals as hosts write them.</summary>
[Trait("Starts", "processes")]
public sealed class UsageCommandTests : IDisposable
{
    private const string Flavors = """
        {"flavors": [{"id": "1", "name": "sgx.8m", "vcpus": 1, "ram": 128, "disk": 0, "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}}]}
        """;

    private static readonly Guid Server = Guid.Parse("00000000-0000-4000-8000-000000000001");
    private static readonly DateTimeOffset Launched = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Period = ["--cloud", "mine", "--start", "2026-01-10", "--end", "2026-01-12"];

    private readonly TemporaryFolder folder = new();
    private readonly ServedCloud served;

    public UsageCommandTests()
    {
        served = new ServedCloud(folder);
        // Ten hours of a server; every list ends with an empty page.
        Pages("flavors/detail?", Flavors, """{"flavors": []}""");
        Servers("");
        Pages("os-simple-tenant-usage/project-1?", $$"""{"tenant_usage": {{Usage("project-1")}}}""", """{"tenant_usage": {}}""");
        Pages(
            "os-simple-tenant-usage?", $$"""{"tenant_usages": [{{Usage("project-1")}}, {{Usage("project-2", server: false)}}]}""",
            """{"tenant_usages": []}""");
        served.Cloud.On("GET /identity/v3/projects", """
            {"projects": [
             {"id": "project-1", "name": "research, \"A\""}, {"id": "project-2", "name": "twin"}, {"id": "project-3", "name": "twin"}]}
            """);
    }

    public void Dispose()
    {
        served.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Namespaces_are_counted_from_the_journals_of_nodes_without_a_cloud()
    {
        var (begin, journal) = (Launched.ToUnixTimeMilliseconds(), "node.journal");
        ClockReading At(int hours) => new(Guid.Empty, 1_000_000 + (hours * 3_600_000L), begin + (hours * 3_600_000L));
        JournalRecord[] records =
        [
            JournalRecord.At(At(0), JournalKind.Defined, Server, 8, "team", "web"), JournalRecord.At(At(0), JournalKind.Started, Server),
            JournalRecord.At(At(2), JournalKind.Stopped, Server),
        ];
        folder.Write(journal, string.Concat(records.Select(record => System.Text.Encoding.UTF8.GetString(record.ToLine()))));
        string[] words = ["usage", "namespaces", "--journal", journal, "--start", "2026-01-10", "--end", "2026-01-12"];
        var only = Assert.Single((await RunAsync([.. words, "--json"])).Ends(0).Json["namespaces"]!.AsArray())!;
        Assert.Equal(("team", 1, 16m), ((string?)only["namespace"], (int)only["pods"]!, (decimal)only["epcMebibyteHours"]!));
        Assert.Equal(
            "namespace,pods,EPC MiB-hours\r\nteam,1,16.00\r\n", (await RunAsync([.. words, "--csv"])).Ends(0).Output);
        Assert.Contains("16.00", (await RunAsync(words)).Ends(0).Output, StringComparison.Ordinal);
        (await RunAsync("usage", "namespaces")).Ends(2).Says("none is given");
    }

    [Fact]
    public async Task One_project_is_shown_to_people_to_programs_and_as_a_table_of_values()
    {
        var journal = Journal("host.journal", (JournalKind.Defined, 0, 8), (JournalKind.Removed, 240, 0), (JournalKind.Defined, 240.1, 16));
        string[] show = ["usage", "show", .. Period, "--journal", journal];

        var people = (await RunAsync(show)).Ends(0);
        Assert.StartsWith("Usage from 2026-01-10 to 2026-01-12 on project project-1:", people.Output, StringComparison.Ordinal);
        // Four hours of 8 MiB and a resize; Nova counts ten, and its present flavor is not asked.
        Assert.Equal(
            ["Field|Value", "CPU Hours|10.00", "Disk GB-Hours|0.00", "EPC MB-Hours|127.99", "RAM MB-Hours|1280.00", "Servers|1"],
            people.Output.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))));
        Assert.Empty(people.Error);

        var json = (await RunAsync([.. show, "--json"])).Ends(0).Json;
        Assert.Equal(("project-1", 10, 0, 127.986667m, 1280, 1),
            ((string)json["project"]!, (double)json["cpuHours"]!, (double)json["diskGigabyteHours"]!, (decimal)json["epcMebibyteHours"]!,
            (double)json["ramMebibyteHours"]!, (int)json["servers"]!));
        Assert.Equal("2026-01-10T00:00:00+00:00", (string)json["start"]!);

        Assert.Equal(
            "Project,CPU Hours,Disk GB-Hours,EPC MB-Hours,RAM MB-Hours,Servers\r\nproject-1,10.00,0.00,127.99,1280.00,1\r\n",
            (await RunAsync([.. show, "--csv", "--project", "research, \"A\""])).Ends(0).Output);
    }

    [Fact]
    public async Task Each_server_of_a_project_has_its_part()
    {
        var journal = Journal("host.journal", (JournalKind.Defined, 0, 8), (JournalKind.Removed, 240, 0), (JournalKind.Defined, 240.1, 16));
        string[] servers = ["usage", "servers", .. Period];
        var only = Assert.Single(
            (await RunAsync([.. servers, "--journal", journal, "--json"])).Ends(0).Json["servers"]!.AsArray())!;
        Assert.Equal(
            (Server.ToString(), "s", "sgx.8m", 10, 127.986667m, false),
            (
                (string?)only["server"], (string?)only["name"], (string?)only["flavor"], (int)only["hours"]!,
                (decimal)only["epcMebibyteHours"]!, (bool)only["countedByFlavor"]!));
        var byFlavor = (await RunAsync([.. servers, "--json"])).Ends(0).Json["servers"]![0]!;
        Assert.Equal((80m, true), ((decimal)byFlavor["epcMebibyteHours"]!, (bool)byFlavor["countedByFlavor"]!));
        Assert.Equal(
            $"Server,Name,Flavor,Hours,EPC MB-Hours\r\n{Server},s,sgx.8m,10.00,80.00\r\n",
            (await RunAsync([.. servers, "--csv"])).Ends(0).Output);
        Assert.Contains("of the servers of project project-1", (await RunAsync(servers)).Ends(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_project_is_listed_by_name()
    {
        var journal = Journal("host.journal", (JournalKind.Defined, 0, 8));
        served.Cloud.On("GET /v1/journal", _ =>
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(File.ReadAllBytes(journal)) });
        string[] list = ["usage", "list", .. Period, "--node", served.Address];

        Assert.Equal(
            "Project,CPU Hours,Disk GB-Hours,EPC MB-Hours,RAM MB-Hours,Servers\r\n\"research, "
            + "\"\"A\"\"\",10.00,0.00,80.00,1280.00,1\r\ntwin,0.00,0.00,0.00,0.00,0\r\n",
            (await RunAsync([.. list, "--csv"])).Ends(0).Output);
        Assert.Equal(["project-1 80", "project-2 0"],
            (await RunAsync([.. list, "--json"])).Ends(0).Json["projects"]!.AsArray()
            .Select(project => $"{project!["project"]} {project["epcMebibyteHours"]}"));
        Assert.Contains("research, \"A\"", (await RunAsync(list)).Ends(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_journals_EPC_is_that_of_the_flavor_and_this_is_said()
    {
        var result = (await RunAsync(["usage", "show", .. Period, "--json"])).Ends(0).Says("no journal is given");

        Assert.Equal(80, (double)result.Json["epcMebibyteHours"]!);
    }

    [Fact]
    public async Task A_flavor_that_was_deleted_or_changed_changes_no_usage()
    {
        string[] show = ["usage", "show", .. Period, "--json"];
        Servers("""{"resources:CUSTOM_SGX_EPC_MB": "8"}""");
        Pages("flavors/detail?", """{"flavors": []}""", """{"flavors": []}""");
        var deleted = (await RunAsync(show)).Ends(0).Json;
        Assert.Equal((80, Server.ToString()), ((double)deleted["epcMebibyteHours"]!, (string)deleted["countedByFlavor"]![0]!));

        Pages("flavors/detail?", Flavors.Replace("\"8\"", "\"800\"", StringComparison.Ordinal), """{"flavors": []}""");
        Assert.Equal(80, (double)(await RunAsync(show)).Ends(0).Json["epcMebibyteHours"]!);
        Assert.Contains(served.Cloud.Requests, request => request.Request.Contains("all_tenants=1", StringComparison.Ordinal));
        Assert.Contains(
            served.Cloud.Requests, request => request.Request.Contains("changes-since=2026-01-10T00:00:00Z", StringComparison.Ordinal));

        // A member sees the servers of the own project only.
        served.Cloud.On("GET /compute/v2.1/servers/detail?all_tenants", _ => PretendedCloud.Json(HttpStatusCode.Forbidden, "{}"));
        Assert.Equal(80, (double)(await RunAsync(show)).Ends(0).Json["epcMebibyteHours"]!);

        Servers("null");
        Pages("flavors/detail?", """{"flavors": []}""", """{"flavors": []}""");
        var unknown = (await RunAsync(show)).Ends(2).Says("there is no flavor 'sgx.8m' any more").Says("--journal");
        Assert.Null(unknown.Json["epcMebibyteHours"]);
    }

    [Fact]
    public async Task A_flavor_that_asks_where_nobody_claims_costs_nothing()
    {
        Servers("""{"sgx:epc_size": "1024"}""");
        Pages(
            "flavors/detail?", Flavors.Replace("resources:CUSTOM_SGX_EPC_MB", "sgx:epc_size", StringComparison.Ordinal),
            """{"flavors": []}""");
        var usage = (await RunAsync(["usage", "show", .. Period, "--json"])).Ends(0).Json;
        Assert.Equal(0, (double)usage["epcMebibyteHours"]!);
        Assert.Empty(usage["countedByFlavor"]!.AsArray());
    }

    [Fact]
    public async Task A_server_with_EPC_that_no_journal_has_is_named()
    {
        var journal = folder.Write("empty.journal", "");
        var usage = (await RunAsync(["usage", "show", .. Period, "--journal", journal, "--json"])).Ends(0)
            .Says($"1 servers of project project-1 are in no journal that was given, and are counted by their flavor: {Server}");
        Assert.Equal(80, (double)usage.Json["epcMebibyteHours"]!);
    }

    [Theory]
    [InlineData("shelve", 16)]
    [InlineData("rebuild", 80)]
    public async Task A_server_that_no_host_has_counts_unless_it_is_shelved(string action, int expected)
    {
        var journal = Journal("host.journal", (JournalKind.Defined, 0, 8), (JournalKind.Removed, 120, 0));
        Pages(
            $"servers/{Server}/os-instance-actions?",
            $$"""
            {"instanceActions": [
             {"action": "{{action}}", "request_id": "req-1", "start_time": "2026-01-10T13:59:00.000000", "message": null}]}
            """,
            """{"instanceActions": []}""");

        Assert.Equal(expected,
            (double)(await RunAsync(["usage", "show", .. Period, "--journal", journal, "--json"])).Ends(0).Json["epcMebibyteHours"]!);
    }

    [Fact]
    public async Task What_is_wrong_with_a_question_is_told()
    {
        (await RunAsync("usage", "show")).Ends(2).Says("no cloud is given").Says("OS_CLOUD");
        (await RunAsync("usage", "list", "--cloud", "other")).Ends(2).Says("has no cloud 'other'");
        (await RunAsync("usage", "list", "--cloud", "mine", "--start", "2026-01-12", "--end", "2026-01-10")).Ends(2)
            .Says("ends before it starts");
        (await RunAsync("usage", "list", "--cloud", "mine", "--start", "yesterday")).Ends(2).Says("'yesterday' is no day");
        (await RunAsync("usage", "show", "--cloud", "mine", "--project", "twin")).Ends(2).Says("2 projects are called 'twin'")
            .Says("give the identifier");
        (await RunAsync("usage", "show", "--cloud", "mine", "--project", "nobody")).Ends(1).Says("there is no project 'nobody'");
    }

    [Fact]
    public async Task A_folder_without_journals_leaves_no_sum() =>
        (await RunAsync("usage", "dataframes", "--journal", Directory.CreateDirectory(folder.File("empty")).FullName)).Ends(3)
            .Says("there is no file *.journal in");

    [Fact]
    public async Task A_journal_that_cannot_be_read_leaves_no_sum()
    {
        var journal = Journal("host.journal", (JournalKind.Defined, 0, 8), (JournalKind.Removed, 120, 0));
        await File.WriteAllTextAsync(
            journal, (await File.ReadAllTextAsync(journal)).Replace("\"mebibytes\":8", "\"mebibytes\":1", StringComparison.Ordinal));
        string[] damaged = ["usage", "show", .. Period, "--journal", journal];
        Assert.Empty((await RunAsync(damaged)).Ends(3).Says("line 1 is damaged").Output);

        var away = (await RunAsync(["usage", "show", .. Period, "--node", $"{served.Address}/nowhere", "--json"])).Ends(3)
            .Says("does not give its journal");
        Assert.Equal(("no-node", null), ((string)away.Json["error"]!, away.Json["epcMebibyteHours"]));
    }

    [Fact]
    public async Task A_cloud_that_refuses_or_is_away_is_told_without_the_password()
    {
        served.Cloud.On("GET /compute/v2.1/os-simple-tenant-usage?", _ => PretendedCloud.Json(
            HttpStatusCode.Forbidden, """{"forbidden": {"message": "Policy doesn't allow it", "code": 403}}"""));
        (await RunAsync("usage", "list", "--cloud", "mine")).Ends(1).Says("Policy doesn't allow it");

        served.Cloud.On("POST /identity/v3/auth/tokens", _ => PretendedCloud.Json(
            HttpStatusCode.Unauthorized,
            """{"error": {"code": 401, "message": "The request you have made requires authentication."}}"""));
        var refused = (await RunAsync("usage", "list", "--cloud", "mine")).Ends(1).Says("requires authentication");
        Assert.DoesNotContain(ServedCloud.Password, refused.Error + refused.Output, StringComparison.Ordinal);

        served.Dispose();
        var away = (await RunAsync("usage", "show", "--cloud", "mine")).Ends(3).Says("no answer");
        Assert.DoesNotContain(ServedCloud.Password, away.Error + away.Output, StringComparison.Ordinal);
    }

    private static string Usage(string project, bool server = true) => $$"""
        {"tenant_id": "{{project}}", "total_vcpus_usage": {{(server ? 10 : 0)}}, "total_memory_mb_usage": {{(server ? 1280 : 0)}},
         "total_local_gb_usage": 0, "total_hours": {{(server ? 10 : 0)}}, "server_usages": [
        {{(server ? $$"""
            {"instance_id": "{{Server}}", "name": "s", "flavor": "sgx.8m", "hours": 10.0, "vcpus": 1, "memory_mb": 128, "local_gb": 0,
                "tenant_id": "{{project}}",
             "started_at": "2026-01-10T12:00:00.000000", "ended_at": null, "state": "active", "uptime": 36000}
            """ : "")}}]}
        """;

    // The server, as Nova lists it, with the extra specs of its own flavor; none without text.
    private void Servers(string specs)
    {
        var server = $$"""
            {"id": "{{Server}}", "name": "s", "status": "ACTIVE", "tenant_id": "project-1",
             "flavor": {"original_name": "sgx.8m", "extra_specs": {{specs}} } }
            """;
        Pages("servers/detail?", $$"""{"servers": [{{(specs.Length == 0 ? "" : server)}}]}""", """{"servers": []}""");
    }

    private void Pages(string path, string first, string last) => served.Cloud.On(
        $"GET /compute/v2.1/{path}", request =>
            PretendedCloud.Json(HttpStatusCode.OK, request.RequestUri!.Query.Contains("marker=", StringComparison.Ordinal) ? last : first));

    // The actions on the server, in minutes after its launch.
    private string Journal(string name, params (JournalKind Kind, double Minute, int Mebibytes)[] records) =>
        folder.Write(name, string.Concat(records.Select(record =>
    {
        var milliseconds = (long)(record.Minute * 60_000);
        var clock = new ClockReading(Guid.Empty, 1_000_000 + milliseconds, Launched.ToUnixTimeMilliseconds() + milliseconds);
        return System.Text.Encoding.UTF8.GetString(JournalRecord.At(clock, record.Kind, Server, record.Mebibytes).ToLine());
    })));

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
