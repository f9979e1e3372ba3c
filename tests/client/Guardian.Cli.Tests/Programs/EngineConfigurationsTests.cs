using System.Text.Json.Nodes;
using Guardian.Cli.Commands.Nodes;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Programs;

/// <summary>The runtime in the configurations of Docker and containerd.</summary>
public sealed class EngineConfigurationsTests
{
    private const string Program = "/usr/local/lib/guardian-oci/guardian-oci";

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"bip":"10.0.0.1/24","runtimes":{"other":{"path":"/x"}},"log-opts":{"max-size":"1m"}}""")]
    public void Docker_gets_the_runtime_and_keeps_the_rest(string before)
    {
        var after = JsonNode.Parse(EngineConfigurations.EditDocker(before, Program))!;
        Assert.Equal(Program, (string?)after["runtimes"]!["guardian"]!["path"]);
        Assert.Equal(after.ToJsonString(), JsonNode.Parse(EngineConfigurations.EditDocker(after.ToJsonString(), Program))!.ToJsonString());
        var removed = JsonNode.Parse(EngineConfigurations.EditDocker(after.ToJsonString(), null))!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(before.Length == 0 ? "{}" : before), removed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("version = 2\n")]
    [InlineData("# mine\nversion = 2 # two\nroot = \"/x\"\n[plugins]\n")]
    [InlineData("version = 3")]
    public void Containerd_gets_the_runtime_and_loses_it_again(string before)
    {
        var after = EngineConfigurations.EditContainerd(before, Program);
        Assert.Contains($"BinaryName = \"{Program}\"", after, StringComparison.Ordinal);
        Assert.Contains(
            before.Contains('3', StringComparison.Ordinal) ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri", after,
            StringComparison.Ordinal);
        Assert.Equal(after, EngineConfigurations.EditContainerd(after, Program));
        var removed = EngineConfigurations.EditContainerd(after, null);
        Assert.Equal(before.Length == 0 ? "version = 2\n" : before.TrimEnd('\n') + "\n", removed);
        Assert.Equal(removed, EngineConfigurations.EditContainerd(removed, null));
    }

    // containerd 1.6 does not load its CRI when a table of runtimes lacks the default runtime: every pod of the node would stop.
    [Theory]
    [InlineData("", true)]
    [InlineData("version = 2\n# [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n", true)]
    [InlineData("version = 3\n", true)]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n", false)]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.crun]\n", false)]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  runtimes.crun.runtime_type = \"x\"\n", false)]
    public void Containerd_keeps_its_runc(string before, bool isWritten)
    {
        var after = EngineConfigurations.EditContainerd(before, Program);
        Assert.Equal(isWritten, after[before.Length..].Contains(".containerd.runtimes.runc]", StringComparison.Ordinal));
        Assert.Equal(after, EngineConfigurations.EditContainerd(after, Program));
    }

    [Fact]
    public void A_configuration_that_is_not_understood_is_left_alone()
    {
        foreach (var text in new[] { "[]", "no JSON", "{\"runtimes\":[]}" })
        {
            Assert.Throws<RefusedException>(() => EngineConfigurations.EditDocker(text, Program));
        }
        foreach (var text in new[]
        {
            "root = \"/x\"\n", "version = 7\n",
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.guardian]\n",
        })
        {
            Assert.Throws<RefusedException>(() => EngineConfigurations.EditContainerd(text, Program));
        }
    }
}
