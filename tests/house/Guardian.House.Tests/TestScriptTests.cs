using System.Diagnostics;

namespace Guardian.House.Tests;

/// <summary>The script <c>./test</c>, with a false <c>dotnet</c> in place of builds and suites.</summary>
[Trait("Starts", "processes")]
public sealed class TestScriptTests : IDisposable
{
    // The suite Slow runs until it gets SIGINT and then writes its totals, as the real test programs do.
    private const string Dotnet = """
        #!/usr/bin/env bash
        [ "$1" != build ] || { echo "$*" >>build; [ ! -e slow-build ] || { touch begun; sleep 60; }; exit "$(cat build-status)"; }
        echo "$*" >>arguments
        totals() { printf '  total: 9\n  failed: %s\n  succeeded: %s\n  skipped: 1\n' "$1" "$2"; }
        case $1 in
          *Quick*) totals 0 7 ;;
          *Failing*) totals 2 3; exit 2 ;;
          *Broken*) echo "no totals"; exit 134 ;;
          *Slow*)
            trap 'totals 0 4; exit 3' INT
            touch begun
            for i in $(seq 600); do sleep 0.1; done
            ;;
          *Stuck*)
            trap '' INT TERM
            touch begun
            for i in $(seq 600); do sleep 0.1; done
            ;;
        esac
        """;

    private readonly TemporaryFolder folder = new();

    public TestScriptTests()
    {
        File.Copy(Repository.File("test"), folder.File("test"));
        Directory.CreateDirectory(folder.File("bin"));
        folder.Write("bin/dotnet", Dotnet);
        File.SetUnixFileMode(folder.File("bin/dotnet"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Write("build-status", "0");
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Quick", 0, "7 passed, 0 failed, 1 skipped")]
    [InlineData("Quick Failing", 1, "10 passed, 2 failed, 2 skipped")]
    [InlineData("Quick Broken", 1, "7 passed, 1 failed, 1 skipped")]
    public async Task The_last_line_has_the_totals(string suites, int exitCode, string totals)
    {
        var (code, lines) = await EndAsync(Start(suites));
        Assert.Equal((exitCode, totals), (code, lines[^1]));
    }

    [Fact]
    public async Task A_build_that_fails_is_one_failure()
    {
        folder.Write("build-status", "1");
        var (code, lines) = await EndAsync(Start("Quick"));
        Assert.Equal((1, "0 passed, 1 failed, 0 skipped"), (code, lines[^1]));
    }

    [Fact]
    public async Task Quick_leaves_out_what_starts_processes()
    {
        Assert.Equal(0, (await EndAsync(Start("Quick", "quick"))).Code);
        Assert.Contains("--filter-not-trait Starts=processes", await File.ReadAllTextAsync(folder.File("arguments")));
        await File.WriteAllTextAsync(folder.File("arguments"), "");
        Assert.Equal(0, (await EndAsync(Start("Quick"))).Code);
        Assert.DoesNotContain("--filter", await File.ReadAllTextAsync(folder.File("arguments")));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_cancelled_run_reports_what_had_passed_also_in_the_suites_that_it_ends(string signal)
    {
        // However busy the machine is, the suite has the time that it needs.
        await SetGraceAsync(600);
        var (code, lines) = await CancelAsync(Start("Quick Slow"), signal);
        Assert.Equal((130, "11 passed, 0 failed, 2 skipped"), (code, lines[^1]));
    }

    [Fact]
    public async Task A_cancelled_run_ends_although_a_suite_does_not()
    {
        await SetGraceAsync(1);
        var (code, lines) = await CancelAsync(Start("Quick Stuck"), "INT");
        Assert.Equal((130, "7 passed, 0 failed, 1 skipped"), (code, lines[^1]));
    }

    [Fact]
    public async Task A_run_cancelled_while_it_builds_has_totals_too()
    {
        folder.Write("slow-build", "");
        var (code, lines) = await CancelAsync(Start("Quick"), "INT");
        Assert.Equal((130, "0 passed, 0 failed, 0 skipped"), (code, lines[^1]));
    }

    private async Task SetGraceAsync(int seconds)
    {
        var script = await File.ReadAllTextAsync(folder.File("test"));
        await File.WriteAllTextAsync(folder.File("test"), script.Replace("grace=10", $"grace={seconds}", StringComparison.Ordinal));
    }

    private Process Start(string suites, params string[] arguments)
    {
        folder.Write("Guardian.slnx", string.Concat(suites.Split(' ').Select(name => $"<Project Path=\"tests/x/{name}.csproj\" />\n")));
        // A shell cannot trap a signal that its parent ignores, and the tests may run under such a parent.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,TERM", "bash", folder.File("test"), .. arguments])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        return Process.Start(start)!;
    }

    private async Task<(int Code, string[] Lines)> CancelAsync(Process process, string signal)
    {
        // The quick suite has ended when the other one has begun for a while; both start together.
        while (!File.Exists(folder.File("begun")) || !HasEnded("Quick"))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        return await EndAsync(process);
    }

    private bool HasEnded(string suite) =>
        File.Exists(folder.File("slow-build"))
        || (File.Exists(folder.File($"artifacts/test/{suite}.log"))
            && File.ReadAllText(folder.File($"artifacts/test/{suite}.log")).Contains("skipped", StringComparison.Ordinal));

    private static async Task<(int Code, string[] Lines)> EndAsync(Process process)
    {
        using (process)
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await error;
            return (process.ExitCode, (await output).TrimEnd('\n').Split('\n'));
        }
    }
}
