using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Guardian.Cli.Tests;

/// <summary>The measured programs have no way in for a debugger or a tracer of the .NET runtime, with every environment.</summary>
[Trait("Starts", "processes")]
public sealed class DiagnosticsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("1")]
    [InlineData("")]
    public async Task A_running_cas_has_no_diagnostics_socket_whatever_the_environment_says(string? variable)
    {
        var command = GuardianProgram.Command("Guardian.Cas", "guardian-cas");
        Assert.SkipUnless(command is [_, _], "the programs are native, without diagnostics");
        using var process = Start([.. command, "--state", "cas", "--machine", "machine", "--listen", "127.0.0.1:0", "--json"], variable);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
                && (string?)JsonNode.Parse(line)!["event"] != "listening")
            {
            }
            Assert.False(process.HasExited);
            Assert.Empty(FindSockets());
            Assert.Contains("guardian-cas.dll", await File.ReadAllTextAsync(
                $"/proc/{process.Id}/cmdline", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task A_naive_program_has_the_socket()
    {
        var command = GuardianProgram.Command("Guardian.Cli", "guardian");
        Assert.SkipUnless(command is [_, _], "the programs are native, without diagnostics");
        // The command line is no enclave program. It waits for its standard input, and any debugger may come.
        using var process = Start([.. command, "logs", "s/s", "--key", "missing", "--cas", "https://127.0.0.1:9"], "1");
        try
        {
            while (FindSockets().Count == 0 && !process.HasExited)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
            Assert.NotEmpty(FindSockets());
        }
        finally
        {
            process.Kill();
        }
    }

    [Theory]
    [InlineData("Guardian.Cas", "guardian-cas", 2)]
    [InlineData("Guardian.Enclave", "guardian-enclave", 2)]
    [InlineData("Guardian.Runtime", "guardian-runtime", 125)]
    public async Task A_program_keeps_its_arguments_and_exit_code_when_it_starts_again(string project, string program, int exitCode)
    {
        using var process = Start([.. GuardianProgram.Command(project, program), "--odd", "a b", "", "é\n"], null);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == exitCode, $"{process.ExitCode}: {error}");
        Assert.Contains("odd", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Guardian.Cas", "guardian-cas")]
    [InlineData("Guardian.Enclave", "guardian-enclave")]
    [InlineData("Guardian.Runtime", "guardian-runtime")]
    public void The_measured_settings_load_no_code_that_the_environment_names_and_trace_nothing(string project, string program)
    {
        Assert.SkipUnless(GuardianProgram.Command(project, program) is [_, _], "the programs are native, without such settings");
        var settings = JsonNode.Parse(File.ReadAllText(Path.Combine(GuardianProgram.FolderOf(project), $"{program}.runtimeconfig.json")))!
            ["runtimeOptions"]!["configProperties"]!;
        Assert.False((bool)settings["System.StartupHookProvider.IsSupported"]!);
        Assert.False((bool)settings["System.Diagnostics.Tracing.EventSource.IsSupported"]!);
    }

    private List<string> FindSockets() =>
        [.. Directory.GetFiles(folder.Path, "dotnet-diagnostic-*"), .. Directory.GetFiles(folder.Path, "clr-debug-pipe-*")];

    // The runtime puts its socket into the folder for temporary files.
    private Process Start(string[] command, string? variable)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.Environment["HOME"] = folder.Path;
        start.Environment["TMPDIR"] = folder.Path;
        start.Environment.Remove("DOTNET_EnableDiagnostics");
        if (variable is not null)
        {
            start.Environment["DOTNET_EnableDiagnostics"] = variable;
        }
        return Process.Start(start)!;
    }
}
