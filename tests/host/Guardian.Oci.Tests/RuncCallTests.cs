using System.Text.Json.Nodes;
using Guardian.Oci.Calls;

namespace Guardian.Oci.Tests;

/// <summary>Command lines of engines.</summary>
public sealed class RuncCallTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--root /r --log /l --log-format json create --bundle /b --pid-file /p name", "create", "/b", "name")]
    [InlineData("--root=/r --systemd-cgroup create --bundle=/b --no-pivot name", "create", "/b", "name")]
    [InlineData("--debug run -d -b /b name", "run", "/b", "name")]
    [InlineData("--root /r exec --process /p --detach --pid-file /q name", "exec", null, "name")]
    [InlineData("exec -e A=b -u 1 -t name sh -c create", "exec", null, "name")]
    [InlineData("exec -- name sh", "exec", null, "name")]
    [InlineData("--version", "", null, "")]
    [InlineData("", "", null, "")]
    [InlineData("--root", "", null, "")]
    public void The_words_that_matter_are_found(string line, string command, string? bundle, string container)
    {
        var call = RuncCall.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((command, bundle ?? Directory.GetCurrentDirectory(), container), (call.Command, call.Bundle, call.Container));
    }

    [Fact]
    public void The_options_before_the_command_reach_runc_again() =>
        Assert.Equal(
            ["--root", "/r", "--log=/l", "--debug"], RuncCall.Parse(["--root", "/r", "--log=/l", "--debug", "exec", "-t", "x"]).Globals);

    [Fact]
    public void An_error_is_a_line_of_the_log_that_the_engine_reads()
    {
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        RuncCall.Parse(["--log", folder.File("log"), "--log-format", "json", "create"]).Log("a \"reason\"", now);
        var line = JsonNode.Parse(File.ReadAllText(folder.File("log")))!;
        Assert.Equal(
            ("error", "a \"reason\"", "2026-01-02T03:04:05Z"), ((string)line["level"]!, (string)line["msg"]!, (string)line["time"]!));
        RuncCall.Parse(["--log", folder.File("text"), "create"]).Log("why", now);
        Assert.Contains("level=error msg=\"why\"", File.ReadAllText(folder.File("text")), StringComparison.Ordinal);
        RuncCall.Parse(["--log", folder.File("no/such/folder"), "create"]).Log("why", now);
        RuncCall.Parse(["create"]).Log("why", now);
    }
}
