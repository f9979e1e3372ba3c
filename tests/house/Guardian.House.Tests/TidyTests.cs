using System.Text.RegularExpressions;

namespace Guardian.House.Tests;

/// <summary>Keeps width and wording: 140 columns of code, one sentence per line of prose, plain words.</summary>
public partial class TidyTests
{
    private const int MaxWidth = 140;
    private const int MaxLines = 350;

    // Words and phrases of the old dialect; CONTRIBUTING.md names the plain ones.
    private static readonly string[] Forbidden =
    [
        @"\bmend(s|ed|ing)?\b", @"\bwhoever\b", @"\bwhomever\b", @"\bof what\b", @"\bis said by\b", @"\bsaid below\b",
        @"\b(is|are) to be\b",
        @"\bdoes it any good\b", @"\bwhat of\b", @"\bof such\b", @"\bis told of\b",
    ];

    public static TheoryData<string> Code() => new(Files("*.cs"));

    public static TheoryData<string> Pages() => new(Files("*.md"));

    [Fact]
    public void No_line_of_code_is_wider_than_140_columns() => Assert.Empty(
        Files("*.cs").SelectMany(file =>
            Lines(file).Where(line => line.Text.Length > MaxWidth).Select(line => $"{file}:{line.Number} has {line.Text.Length} columns")));

    [Fact]
    public void No_file_of_code_is_longer_than_350_lines() =>
        Assert.DoesNotContain(Files("*.cs"), file => File.ReadLines(Path.Combine(Repository.Root, file)).Count() > MaxLines);

    [Fact]
    public void Words_are_plain()
    {
        var forbidden = new Regex(string.Join('|', Forbidden), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        var files = Files("*.cs").Concat(Files("*.md")).Where(file => Path.GetFileName(file) != "TidyTests.cs");
        Assert.Empty(files.SelectMany(
            file =>
                Lines(file).Where(line => forbidden.IsMatch(line.Text))
                .Select(line => $"{file}:{line.Number} {forbidden.Match(line.Text).Value}")));
    }

    [Fact]
    public void No_comment_begins_with_a_relative_clause() => Assert.Empty(
        Files("*.cs").Where(file => Path.GetFileName(file) != "TidyTests.cs").SelectMany(
        file => Lines(file).Where(line => RelativeClause().IsMatch(line.Text) && !line.Text.Contains('?', StringComparison.Ordinal))
            .Select(line => $"{file}:{line.Number} {line.Text.Trim()}")));

    [Fact]
    public void A_line_of_prose_has_one_sentence() => Assert.Empty(
        Files("*.md").SelectMany(
        file => Prose(file).Where(line => SecondSentence().IsMatch(Strip(line.Text))).Select(line => $"{file}:{line.Number} {line.Text}")));

    // A library runs in programs of others, whose culture may count years otherwise or have no colon in times. No analyzer sees that in an
    // interpolated string.
    [Fact]
    public void Dates_in_libraries_are_of_no_culture()
    {
        var libraries = Files("*.csproj").Where(file => Count(file, "eng/Package.props") > 0).Select(file => Path.GetDirectoryName(file)!);
        Assert.Empty(libraries.SelectMany(folder => Files("*.cs").Where(file => file.StartsWith($"{folder}/", StringComparison.Ordinal)))
            .SelectMany(file => Lines(file).Where(line => CulturalDate().IsMatch(line.Text) && !IsInvariant().IsMatch(line.Text))
                .Select(line => $"{file}:{line.Number} {line.Text.Trim()}")));
    }

    // .NET calls the addresses in a stranger's certificate before anybody judges it, and waits for their answers.
    [Theory]
    [InlineData("RemoteCertificateValidationCallback = ", "CertificateChainPolicy = ")]
    [InlineData("RevocationMode = X509RevocationMode.NoCheck", "DisableCertificateDownloads = true")]
    public void A_handshake_downloads_no_certificates(string judges, string protects) => Assert.DoesNotContain(
        Files("*.cs"), file => file.StartsWith("src/", StringComparison.Ordinal) && Count(file, judges) > Count(file, protects));

    [Theory]
    [InlineData("/// <summary>What the host sees is a size.</summary>", true)]
    [InlineData("// Which version is newer is decided below.", true)]
    [InlineData("/// <summary>Whether the peer is known.</summary>", false)]
    [InlineData("// The host sees a size.", false)]
    public void A_relative_clause_is_recognised(string line, bool isOne) => Assert.Equal(isOne, RelativeClause().IsMatch(line));

    [Theory]
    [InlineData("One thing. Another thing.", true)]
    [InlineData("One thing, e.g. This one.", false)]
    [InlineData("1. The first thing.", false)]
    [InlineData("See `a. B` for it.", false)]
    public void A_second_sentence_is_recognised(string line, bool isOne) => Assert.Equal(isOne, SecondSentence().IsMatch(Strip(line)));

    // A comment, or a sentence of one, that begins with a relative clause as its subject.
    [GeneratedRegex(@"//(/? *<(summary|returns|remarks)>| ) *(What|Who|Whom|Whose|Which|Where) \w")]
    private static partial Regex RelativeClause();

    [GeneratedRegex(@"(?<!\b(e\.g|i\.e|cf|vs|etc|no|vol|ch|sec))[.!?] +[A-Z]")]
    private static partial Regex SecondSentence();

    [GeneratedRegex(@"`[^`]*`|\([^()]*\)|""[^""]*""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\s*(\d+\.|[-*>])\s+")]
    private static partial Regex ListMarker();

    [GeneratedRegex(@"\{[^{}""]+:[^{}""]*(yyyy|HH)[^{}""]*\}")]
    private static partial Regex CulturalDate();

    [GeneratedRegex(@"InvariantCulture, \$""|Line\(\$""")]
    private static partial Regex IsInvariant();

    private static string Strip(string line) => Quoted().Replace(ListMarker().Replace(line, ""), "x");

    // Prose of a page: no tables, no code blocks, no front matter.
    private static IEnumerable<(int Number, string Text)> Prose(string file)
    {
        var isCode = false;
        foreach (var line in Lines(file))
        {
            isCode ^= line.Text.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (!isCode && !line.Text.TrimStart().StartsWith('|') && !line.Text.StartsWith('#') && !line.Text.StartsWith("    ",
            StringComparison.Ordinal))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<(int Number, string Text)> Lines(string file) =>
        File.ReadLines(Path.Combine(Repository.Root, file)).Select((text, index) => (index + 1, text));

    private static int Count(string file, string text) => Lines(file).Count(line => line.Text.Contains(text, StringComparison.Ordinal));

    private static List<string> Files(string pattern) =>
    [
        .. new[] { "src", "tests", "bench", "fuzz", "samples", "eng", "docs" }.Select(folder => Repository.File(folder))
            .SelectMany(folder => Directory.GetFiles(folder, pattern, SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Repository.Root, pattern))
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !new[] { "/obj/", "/bin/", "/node_modules/" }.Any(
                folder => file.Contains(folder, StringComparison.Ordinal))).Order(StringComparer.Ordinal),
    ];
}
