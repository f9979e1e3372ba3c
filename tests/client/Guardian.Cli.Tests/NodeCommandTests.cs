using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

[Trait("Starts", "processes")]
public sealed class NodeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("node")]
    [InlineData("guest")]
    public async Task A_check_says_the_same_to_people_and_programs(string of)
    {
        var people = await GuardianProgram.RunAsync(folder.Path, of, "check");
        var program = await GuardianProgram.RunAsync(folder.Path, of, "check", "--json");
        var isFit = (bool)program.Json["fit"]!;
        people.Ends(isFit ? 0 : 1);
        program.Ends(isFit ? 0 : 1);
        Assert.All(program.Json["findings"]!.AsArray(), finding =>
            Assert.Contains((string)finding!["what"]!, people.Output, StringComparison.Ordinal));
        Assert.Equal(isFit, program.Json["findings"]!.AsArray().All(finding => (string)finding!["status"]! != "failed"));
    }

    [Fact]
    public async Task A_captured_machine_is_checked_in_its_place()
    {
        folder.Write("cpuid",
            "   0x00000000 0x00: eax=0x00000016 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n   0x00000007 0x00: eax=0x00000000 "
            + "ebx=0x00000004 ecx=0x00000000 edx=0x00000000");
        var findings = (await GuardianProgram.RunAsync(folder.Path, "guest", "check", "--root", folder.Path, "--json"))
            .Ends(1).Json["findings"]!.AsArray();
        Assert.Contains(findings, finding => (string)finding!["id"]! == "cpu-flc" && (string)finding["status"]! == "failed");
        (await GuardianProgram.RunAsync(folder.Path, "node", "check", "--root", folder.Path)).Ends(1);
        (await GuardianProgram.RunAsync(folder.Path, "node", "check", "--root", folder.File("none"))).Ends(3).Says("there is no folder");
    }

    // libvirt's name of a host mostly has its domain; aggregates have the name of the host's nova-compute.
    [Theory]
    [InlineData("cmp01", "ok")]
    [InlineData("cmp02", "warning")]
    public async Task An_aggregate_has_the_host_by_the_name_of_its_nova_compute(string service, string status)
    {
        using var served = new ServedCloud(folder);
        var node = $$$"""
            {"id": "00000000-0000-4000-8000-000000000001", "hypervisor_hostname": "cmp01.cloud.example", "state": "up",
             "status": "enabled", "service": {"host": "{{{service}}}"}}
            """;
        served.Cloud.On("GET /compute/v2.1/os-aggregates", """
                {"aggregates": [{"id": 7, "name": "sgx", "hosts": ["cmp01"], "metadata": {"trait:HW_CPU_X86_SGX": "required"}}]}
                """)
            .On("GET /compute/v2.1/os-hypervisors/detail?", $$"""{"hypervisors": [{{node}}]}""")
            .On("GET /compute/v2.1/os-hypervisors/detail?&limit=1000&marker=", """{"hypervisors": []}""");
        var configuration = folder.Write("node.yaml", "openstack: {cloud: mine, host: cmp01.cloud.example}\n");
        var findings = (await GuardianProgram.RunAsync(folder.Path, "node", "check", "--config", configuration, "--json"))
            .Json["findings"]!.AsArray();
        var finding = Assert.Single(findings, finding => (string)finding!["id"]! == "isolation")!;
        Assert.Equal(status, (string)finding["status"]!);
        Assert.Equal(status == "ok" ? null : $"guardian cloud setup --host {service}", (string?)finding["remedy"]);
    }

    [Fact]
    public async Task Guests_cannot_be_verified_without_libvirt()
    {
        var configuration = folder.Write("node.yaml", $"relay:\n  upstream: {folder.File("none.sock")}\n");
        (await GuardianProgram.RunAsync(folder.Path, "vm", "verify", "--config", configuration)).Ends(3).Says("there is no such socket");
        (await GuardianProgram.RunAsync(
            folder.Path, "vm", "verify", "--config",
            folder.Write("bad.yaml", "relay:\n  users: [nobody-here]\n  port: 1\n"))).Ends(2).Says("there is no user 'nobody-here'")
            .Says("'port' is not known");
        (await GuardianProgram.RunAsync(folder.Path, "vm", "verify", "instance-00000001")).Ends(2).Says("no server's identifier");
    }
}
