using System.Diagnostics;

namespace Guardian.Cli.Tests;

/// <summary>The completion scripts, in the shells that this machine has.</summary>
[Trait("Starts", "processes")]
public sealed class CompletionTests : IDisposable
{
    // An interactive bash does this at the tab key: it fills these variables and calls the function.
    private const string Complete = """
        source "$1"; shift
        COMP_WORDS=(guardian "$@"); COMP_CWORD=$(($#)); COMPREPLY=()
        _guardian; printf '%s\n' "${COMPREPLY[@]}"
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("de", "demo")]
    [InlineData("quote ve", "verify")]
    [InlineData("quote collateral ", "fetch show pack --json --help")]
    [InlineData("quote verify --col", "--collateral")]
    [InlineData("quote verify file --json --pol", "--policy")]
    [InlineData("cas attest host:1 --platform ", "hardware simulated")]
    [InlineData("cas attest host:1 --platform si", "simulated")]
    [InlineData("completion ", "bash fish zsh --json --help")]
    [InlineData("completion zs", "zsh")]
    [InlineData("key show some-file", "")]
    public async Task Bash_completes_commands_options_and_values(string words, string expected)
    {
        var script = await WriteAsync("bash");
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            (await RunAsync("bash", ["-c", Complete, "bash", script, .. words.Split(' ')]))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bash_leaves_file_names_to_its_own_completion()
    {
        var script = await WriteAsync("bash");
        Assert.Contains(
            "-o default", await RunAsync("bash", ["-c", "source \"$1\"; complete -p guardian", "bash", script]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zsh", "#compdef guardian", "'verify:Verify a quote", "\" cas attest --platform\") compadd -- hardware simulated")]
    [InlineData("fish", "complete -c guardian", "-a verify -d 'Verify a quote", "-l platform")]
    public async Task The_other_shells_get_commands_options_and_values(string shell, params string[] parts)
    {
        var text = await File.ReadAllTextAsync(await WriteAsync(shell));
        Assert.All(parts, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task The_other_shells_can_read_their_script(string shell, string option)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, shell))),
            $"{shell} is not installed");
        Assert.Equal("", await RunAsync(shell, [option, await WriteAsync(shell)]));
    }

    private async Task<string> WriteAsync(string shell) =>
        folder.Write(shell, (await GuardianProgram.RunAsync(folder.Path, "completion", shell)).Ends(0).Output);

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        Assert.Equal("", await error);
        return await output;
    }
}
