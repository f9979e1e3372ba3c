using System.Diagnostics;

namespace Guardian.Cli.Tests;

/// <summary>The form of results: in a pipe nothing is wrapped, cut or padded; on a terminal of 80 columns nothing that people copy is
/// broken.</summary>
[Trait("Starts", "processes")]
public sealed class TerminalTests : IDisposable
{
    private static readonly string Vector = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");
    private static readonly string[] Verify = [
        "quote", "verify", Path.Combine(Vector, "quote.bin"), "--collateral", Vector, "--at", "2025-07-01"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_pipe_gets_one_line_for_each_entry()
    {
        var name = new string('a', 120);
        Directory.CreateDirectory(folder.File($"{name}/{name}"));
        folder.Write($"{name}/{name}/f", "x");
        (await RunAsync("volume", "create", "v", "--key", "k")).Ends(0);
        (await RunAsync("volume", "put", "v", name, "--key", "k")).Ends(0);
        var lines = (await RunAsync("volume", "ls", "v", "--recursive", "--key", "k")).Ends(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal([$"/{name}/", $"/{name}/{name}/", $"/{name}/{name}/f"], lines.Select(line => line[(line.LastIndexOf(' ') + 1)..]));
        Assert.Equal(2, (await RunAsync("quote", "verify", $"{name}/{name}/{name}/{name}")).Ends(3).Error.Split('\n').Length);
    }

    [Fact]
    public async Task A_pipe_gets_no_blanks_at_the_end_of_a_line()
    {
        foreach (
            var command in new[] { Verify, ["quote", "collateral", "show", Vector], ["guest", "check"], ["room", "ask", "--help"], [] })
        {
            Assert.All((await RunAsync(command)).Output.Split('\n'), line => Assert.Equal(line.TrimEnd(), line));
        }
    }

    [Fact]
    public async Task A_key_stays_in_one_piece_on_a_terminal()
    {
        var key = (await RunAsync("key", "create", "a.pem")).Ends(0).Output.Trim();
        Assert.Equal(124, key.Length);
        Assert.Contains($"{key}\n", await RunOnTerminalAsync("key", "show", "a.pem"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facts_are_wrapped_between_words_on_a_terminal_and_hashes_stay_whole()
    {
        var pipe = (await RunAsync(Verify)).Ends(0).Output;
        var shown = await RunOnTerminalAsync(Verify);
        foreach (var word in pipe.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Contains(word, shown, StringComparison.Ordinal);
        }
        Assert.All(shown.Split('\n').Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > 2), line =>
            Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public async Task An_error_stays_in_one_line_on_a_terminal()
    {
        var path = string.Join('/', Enumerable.Repeat(new string('b', 40), 4));
        Assert.Contains(
            $"guardian: error: the file {path} does not exist\n", await RunOnTerminalAsync("key", "show", path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quote show /dev/null --json", ">/dev/full", 1)]
    [InlineData("quote show /dev/null", "2>/dev/full", 1)]
    [InlineData("quote show /dev/null --json", "2>&-", 1)]
    [InlineData("quote shw --json", ">/dev/full 2>/dev/full", 2)]
    [InlineData("version", ">/dev/full", 3)]
    public async Task The_exit_code_says_what_happened_when_nothing_can_be_written(string words, string streams, int exitCode)
    {
        string[] command = [.. GuardianProgram.Command("Guardian.Cli", "guardian"), .. words.Split(' ')];
        using var process = GuardianProgram.Start(folder.Path, ["sh"], ["-c", $"exec \"$@\" {streams}", "sh", .. command]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(exitCode, process.ExitCode);
        Assert.DoesNotContain("nhandled exception", await error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">&-")]
    [InlineData("<&- >&-")]
    [InlineData("<&- >&- 2>&-")]
    public async Task Without_standard_output_nothing_is_done_and_no_file_gets_its_text(string streams)
    {
        string[] command = [.. GuardianProgram.Command("Guardian.Cli", "guardian"), "key", "create", "k.pem"];
        using var process = GuardianProgram.Start(folder.Path, ["sh"], ["-c", $"exec \"$@\" {streams}", "sh", .. command]);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, process.ExitCode);
        Assert.False(File.Exists(folder.File("k.pem")));
        var expected = streams.Contains('2', StringComparison.Ordinal)
            ? ""
            : "guardian: error: standard output is closed, so nothing was done\nguardian: hint: drop the result with >/dev/null\n";
        Assert.Equal(expected, error);
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);

    // script (util-linux) gives the command a terminal, which ends lines with CR LF.
    private async Task<string> RunOnTerminalAsync(params string[] arguments)
    {
        var command = string.Join(' ', GuardianProgram.Command("Guardian.Cli", "guardian").Concat(arguments).Select(word => $"'{word}'"));
        var start = new ProcessStartInfo("script", ["-qec", $"stty cols 80 rows 24; {command}", "/dev/null"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            Environment = { ["HOME"] = folder.Path, ["NO_COLOR"] = "1", ["TERM"] = "xterm" },
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\u001b[?1h\u001b=", "", StringComparison.Ordinal);
    }
}
