using System.Text.RegularExpressions;

namespace Guardian.Cli.Tests;

/// <summary>
/// Readers find every page: links and anchors exist, each folder has an index, and each decision has a date and a status.
/// </summary>
public sealed partial class DocumentationLayoutTests
{
    private static readonly string[] Root = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

    /// <summary>The pages of docs/ and those in the root.</summary>
    internal static IEnumerable<string> Pages() =>
        Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories).Concat(Root.Select(page => Repository.File(page)));

    [Fact]
    public void Every_link_leads_to_a_file_and_every_anchor_to_a_heading()
    {
        foreach (var page in Pages())
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                var target = link.Groups["file"].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, link.Groups["file"].Value);
                Assert.True(Path.Exists(target), $"{page}: {link.Value}");
                var anchor = link.Groups["anchor"].Value;
                Assert.True(anchor.Length == 0 || Headings(target).Contains(anchor), $"{page}: {link.Value}");
            }
        }
    }

    [Fact]
    public void The_index_of_each_folder_lists_its_pages_and_folders()
    {
        foreach (var folder in Directory.GetDirectories(Repository.File("docs")).Append(Repository.File("docs")))
        {
            var index = File.ReadAllText(Path.Combine(folder, "README.md"));
            var entries = Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Where(file => file != "README.md")
                // Pictures belong to the pages that show them.
                .Concat(Directory.GetDirectories(folder).Select(inner => Path.GetFileName(inner)).Where(inner => inner != "images")
                    .Select(inner => $"{inner}/README.md"));
            Assert.All(entries, entry => Assert.Contains($"]({entry})", index, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_index_of_decisions_shows_the_number_title_date_and_status_of_each()
    {
        var index = File.ReadAllText(Repository.File("docs", "decisions", "README.md"));
        foreach (var file in Directory.GetFiles(Repository.File("docs", "decisions"), "0*.md"))
        {
            var decision = Decision().Match(File.ReadAllText(file));
            Assert.True(decision.Success, file);
            var (name, number, title) = (Path.GetFileName(file), decision.Groups["number"].Value, decision.Groups["title"].Value);
            Assert.StartsWith($"{number.PadLeft(4, '0')}-", name, StringComparison.Ordinal);
            var row = $"| {number} | [{title}]({name}) | {decision.Groups["date"].Value} | {decision.Groups["status"].Value} |\n";
            Assert.Contains(row, index, StringComparison.Ordinal);
        }
    }

    // Anchors as the usual viewers of Markdown make them: lower case, punctuation removed, spaces as hyphens.
    private static HashSet<string> Headings(string page) =>
    [
        .. Heading().Matches(File.ReadAllText(page))
            .Select(heading => Punctuation().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-')),
    ];

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#\s]*)(?:#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(
        @"\A---\ndate: (?<date>\d{4}-\d\d-\d\d)\nstatus: (?<status>(?:accepted|superseded by \d+).*)\n---\n" +
        @"# (?<number>\d+)\. (?<title>.+)\n")]
    private static partial Regex Decision();
}
