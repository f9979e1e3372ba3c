using System.Text.RegularExpressions;

namespace Guardian.Cli.Tests;

/// <summary>What the documentation shows, works.</summary>
public sealed partial class DocumentationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_clean_room_page_works_from_start_to_end()
    {
        folder.Write("campaign.csv", "email,arm,exposed\n" + string.Concat(Enumerable.Range(0, 1_500).Select(i => $"p{i}@example.com,{(i % 2 == 0 ? "Treatment" : "Control")},1\n")));
        folder.Write("customers.csv", "email,region,visit,spend\n" + string.Concat(Enumerable.Range(500, 1_500).Select(i => $"p{i}@example.com,{(i % 3 == 0 ? "North" : "South")},{i % 2},1.50\n")));
        var known = new Dictionary<string, string>();
        // HASH and KEY stand for what earlier commands printed.
        var commands = Commands("docs/clean-room.md").Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 15);
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            switch (command[0], command[1])
            {
                case ("key", "create"):
                    known[Path.GetFileNameWithoutExtension(command[2]) + "=KEY"] = Path.GetFileNameWithoutExtension(command[2]) + "=" + PublicKey().Match(result.Output).Value;
                    break;
                case ("session", "create"):
                    known["HASH"] = Hash().Match(result.Output).Value;
                    break;
            }
            foreach (var next in commands)
            {
                for (var i = 0; i < next.Length; i++)
                {
                    next[i] = known.GetValueOrDefault(next[i], next[i]);
                }
            }
        });
    }

    [Fact]
    public void Every_other_command_in_the_documentation_is_one_that_tests_run()
    {
        string[] tested = ["./guardian demo", "./guardian demo --keep DIR", "./test", "./test libvirt", "./test openstack"];
        var pages = Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories).Append(Repository.File("README.md"));
        foreach (var page in pages.Where(page => !page.EndsWith("clean-room.md", StringComparison.Ordinal)))
        {
            // The operator's page needs a cloud: see the test below.
            Assert.All(Commands(Path.GetRelativePath(Repository.Root, page)), command => Assert.True(tested.Contains(command) || page.EndsWith("operate.md", StringComparison.Ordinal), command));
        }
    }

    [Fact]
    public async Task The_operator_s_page_has_commands_that_exist_and_that_the_cloud_s_suite_runs()
    {
        var commands = Commands("docs/operate.md").Where(command => !command.StartsWith("./", StringComparison.Ordinal)).ToList();
        Assert.True(commands.Count >= 7);
        foreach (var command in commands)
        {
            (await GuardianProgram.RunAsync(folder.Path, [.. Shell.Split(command), "--help"])).Ends(0);
        }
        Assert.Contains("docs/operate.md", await File.ReadAllTextAsync(Repository.File("tests", "openstack", "helpers.sh")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_link_in_the_documentation_leads_somewhere()
    {
        var pages = Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories).Append(Repository.File("README.md"));
        foreach (var page in pages)
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                var target = Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value);
                Assert.True(Path.Exists(target), $"{page}: {link.Groups[1].Value}");
            }
        }
    }

    // Lines of code blocks that call guardian.
    private static IEnumerable<string> Commands(string page)
    {
        var isCode = false;
        foreach (var line in File.ReadLines(Repository.File(page)))
        {
            isCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (isCode && line.StartsWith("guardian ", StringComparison.Ordinal))
            {
                yield return line["guardian ".Length..];
            }
            else if (isCode && line.StartsWith("./", StringComparison.Ordinal))
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex("[A-Za-z0-9+/=]{124}")]
    private static partial Regex PublicKey();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Hash();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    private static partial Regex Link();
}
