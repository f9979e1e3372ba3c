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
