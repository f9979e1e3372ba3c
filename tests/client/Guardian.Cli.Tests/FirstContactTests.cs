using System.Text.Json.Nodes;

namespace Guardian.Cli.Tests;

/// <summary>A newcomer learns from the command line itself what there is, and what a mistake was.</summary>
[Trait("Starts", "processes")]
public sealed class FirstContactTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Without_arguments_all_commands_are_shown_in_groups()
    {
        var shown = (await RunAsync()).Ends(0);
        Assert.Equal("", shown.Error);
        foreach (var line in new[] { "Begin here:", "  demo        Play two partners", "Operate an OpenStack cloud:", "  completion  ",
            "docs/tutorials" })
        {
            Assert.Contains(line, shown.Output, StringComparison.Ordinal);
        }
        Assert.Equal(shown.Output, (await RunAsync("--help")).Ends(0).Output);
    }

    [Fact]
    public async Task A_group_alone_shows_its_commands_and_a_command_shows_its_help_whatever_is_missing()
    {
        Assert.Contains("  diagnose ", (await RunAsync("room")).Ends(0).Output, StringComparison.Ordinal);
        Assert.Contains("--where <CONDITION>", (await RunAsync("room", "ask", "--help")).Ends(0).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rom", "there is no command 'guardian rom'", "did you mean: guardian room")]
    [InlineData("quote verfy x", "there is no command 'guardian quote verfy'", "did you mean: guardian quote verify")]
    [InlineData("cas owners chnage", "there is no command 'guardian cas owners chnage'", "did you mean: guardian cas owners change")]
    [InlineData("quote verify x --colateral y", "guardian quote verify has no option --colateral", "did you mean: --collateral")]
    [InlineData("room ask x overlap --jsno", "guardian room ask has no option --jsno", "did you mean: --json")]
    [InlineData("nonsense", "there is no command 'guardian nonsense'", "guardian --help lists what there is")]
    [InlineData("key show a b", "guardian key show takes no argument 'b'", "guardian key show --help shows what it takes")]
    [InlineData("quote verify", "guardian quote verify needs QUOTE", "guardian quote verify --help shows what it takes")]
    [InlineData("room upload room.yaml --key k", "--dataset is missing", "guardian room upload --help shows what it takes")]
    [InlineData("room ask r all --room h:1 --key k", "'all' is not one of: overlap, crosstab, sum, reach, program",
        "guardian room ask --help shows what it takes")]
    [InlineData("cas claim", "guardian cas claim needs ADDRESS", "guardian cas claim --help shows what it takes")]
    public async Task A_mistake_is_explained_in_one_style(string words, string error, string hint)
    {
        var result = (await RunAsync(words.Split(' '))).Ends(2);
        Assert.Equal("", result.Output);
        var lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.Equal($"guardian: error: {error}", lines[0]);
        Assert.Equal($"guardian: hint: {hint}", lines[^1]);
        Assert.All(lines, line => Assert.False(line.EndsWith('.'), line));
    }

    [Fact]
    public async Task A_mistake_is_JSON_for_programs()
    {
        var result = (await RunAsync("quote", "verfy", "--json")).Ends(2);
        Assert.Equal(("usage", "did you mean: guardian quote verify"), ((string?)result.Json["error"], (string?)result.Json["hint"]));
    }

    [Fact]
    public async Task An_option_of_run_is_suggested_too()
    {
        (await RunAsync("run", "--insecure-no-attestation", "--evn", "A=B", "x.wasm")).Ends(125).Says("there is no option --evn")
            .Says("did you mean --env?");
        var json = (await RunAsync("run", "--json", "--evn", "x.wasm")).Ends(125);
        Assert.Equal("usage", (string?)JsonNode.Parse(json.Error)!["error"]);
    }

    [Theory]
    [InlineData("key", "create", "--pasphrase")]
    [InlineData("quote", "verify", "--jsn")]
    [InlineData("room", "session", "--case")]
    [InlineData("kubernetes", "generate", "a.yaml", "--output-foldr", "b")]
    public async Task An_option_that_does_not_exist_is_no_file(params string[] arguments)
    {
        (await RunAsync(arguments)).Ends(2).Says("has no option --");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_file_whose_name_begins_with_a_dash_stands_after_two_dashes()
    {
        (await RunAsync("key", "create", "--", "--key")).Ends(0);
        Assert.True(File.Exists(folder.File("--key")));
    }

    [Fact]
    public async Task The_version_is_a_command_and_an_option()
    {
        var version = (await RunAsync("--version")).Ends(0).Output;
        Assert.Matches(@"^\d+\.\d+\.\d+\n$", version);
        Assert.Equal(version, (await RunAsync("version")).Ends(0).Output);
        Assert.Equal(version.TrimEnd(), (string?)(await RunAsync("version", "--json")).Ends(0).Json["version"]);
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
