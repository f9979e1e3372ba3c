using System.Text.RegularExpressions;

namespace Guardian.House.Tests;

/// <summary>The workflows of GitHub run commands that are here.</summary>
public partial class WorkflowTests
{
    [Fact]
    public void Each_command_is_a_script_of_the_repository_and_each_suite_is_one_of_them()
    {
        var commands = Directory.GetFiles(Repository.File(".github", "workflows"), "*.yml")
            .SelectMany(File.ReadLines).Select(line => Run().Match(line)).Where(match => match.Success).ToList();
        Assert.Contains(commands, match => match.Groups["script"].Value == "./test" && match.Groups["suite"].Value == "quick");
        var script = File.ReadAllText(Repository.File("test"));
        Assert.All(commands, match =>
        {
            var path = Repository.File(match.Groups["script"].Value.TrimStart('.', '/'));
            Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), path);
            if (match.Groups["suite"].Value is { Length: > 0 } suite)
            {
                Assert.Contains($"#   ./test {suite} ", script, StringComparison.Ordinal);
            }
        });
    }

    [GeneratedRegex(@"^ +- run: (sudo [^ ]+ )?(?<script>[^ ]+)( (?<suite>\w+))?$")]
    private static partial Regex Run();
}
