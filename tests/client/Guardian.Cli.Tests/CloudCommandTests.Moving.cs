using System.Net;
using Guardian.OpenStack.Tests;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian cloud status</c> while servers and hosts change.</summary>
public sealed partial class CloudCommandTests
{
    // Nova claims on the new host at the start, and says that the server is there at the end.
    [Theory]
    [InlineData("RESIZE", 0)]
    [InlineData("REVERT_RESIZE", 0)]
    [InlineData("REBUILD", 0)]
    [InlineData("ACTIVE", 1)]
    public async Task A_server_that_moves_is_no_disagreement(string status, int exitCode)
    {
        Server("""{"resources:CUSTOM_SGX_EPC_MB": "8"}""", host: "source", status: status);
        (await StatusAsync()).Ends(exitCode);
    }

    [Fact]
    public async Task A_server_that_is_made_between_two_questions_is_no_disagreement()
    {
        var (isMade, server) = (false, MakeServer("""{"resources:CUSTOM_SGX_EPC_MB": "8"}""", "host", "ACTIVE"));
        served.Cloud.On("GET /compute/v2.1/servers/detail?", request =>
        {
            var isEnd = request.RequestUri!.Query.Contains("marker=", StringComparison.Ordinal);
            var servers = isMade && !isEnd ? server : "";
            isMade = true;
            return PretendedCloud.Json(HttpStatusCode.OK, $$"""{"servers": [{{servers}}]}""");
        });
        (await StatusAsync()).Ends(0);
    }

    [Fact]
    public async Task A_host_that_takes_no_new_servers_is_shown_as_disabled()
    {
        Pages("os-hypervisors/detail?", "hypervisors", Node(1, "host", "disabled"));
        Assert.Equal("disabled", (string)(await StatusAsync("--json")).Ends(0).Json["hosts"]![0]!["state"]!);
    }

    [Fact]
    public async Task A_renamed_host_that_left_its_node_behind_is_no_bug()
    {
        Pages("os-hypervisors/detail?", "hypervisors", $"{Node(7, "old", "enabled")}, {Node(1, "host", "enabled")}");
        (await StatusAsync()).Ends(0);
    }

    [Theory]
    [InlineData("finished", 0)]
    [InlineData("confirming", 0)]
    [InlineData("confirmed", 1)]
    [InlineData("error", 1)]
    public async Task A_move_that_has_ended_holds_no_claim(string status, int exitCode)
    {
        Pages("os-migrations?", "migrations", $$"""
            {"uuid": "{{Id}}9", "instance_uuid": "{{Id}}8", "status": "{{status}}", "migration_type": "resize", "source_node": "host"}
            """);
        Pages("servers/detail?", "servers", "");

        var output = (await StatusAsync()).Ends(exitCode).Output;
        Assert.Equal(exitCode == 1, output.Contains(
            $"{Id}9 on host: claimed 8 MiB, expected 0 MiB: the claim outlived the move of {Id}8, which ended as {status}",
            StringComparison.Ordinal));
    }

    // Nova keeps a deleted server and its claim for reclaim_instance_interval, and lists it only to those who ask.
    [Fact]
    public async Task A_server_that_can_be_restored_is_no_disagreement()
    {
        Pages("servers/detail?", "servers", "");
        Pages("servers/detail?all_tenants=1&soft_deleted=1", "servers",
            MakeServer("""{"resources:CUSTOM_SGX_EPC_MB": "8"}""", "host", "SOFT_DELETED"));

        (await StatusAsync()).Ends(0);
    }

    private static string MakeServer(string specs, string host, string status) => $$$"""
        {"id": "{{{Id}}}9", "name": "s", "status": "{{{status}}}", "tenant_id": "p",
         "flavor": {"original_name": "old", "extra_specs": {{{specs}}}},
         "OS-EXT-SRV-ATTR:hypervisor_hostname": "{{{host}}}", "OS-EXT-STS:power_state": 1}
        """;

    private static string Node(int id, string service, string status) => $$$"""
        {"id": "{{{Id}}}{{{id}}}", "hypervisor_hostname": "host", "state": "up", "status": "{{{status}}}",
         "service": {"host": "{{{service}}}"}}
        """;
}
