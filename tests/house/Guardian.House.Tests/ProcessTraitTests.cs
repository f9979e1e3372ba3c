using System.Text.RegularExpressions;

namespace Guardian.House.Tests;

/// <summary><c>./test quick</c> starts no processes: it leaves out what has the trait Starts=processes.</summary>
public partial class ProcessTraitTests
{
    private const string Trait = "[Trait(\"Starts\", \"processes\")]";

    [Fact]
    public void A_test_class_that_starts_processes_says_so()
    {
        // The files of a partial class count as one; its trait may stand in any of them.
        var files = Directory.GetFiles(Repository.File("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(path =>
                !path.Contains("/obj/", StringComparison.Ordinal) && !path.EndsWith("/ProcessTraitTests.cs", StringComparison.Ordinal))
            .GroupBy(path => Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileName(path).Split('.')[0]))
            .Select(group => (Path: group.Key, Text: string.Concat(group.Select(File.ReadAllText)))).ToList();

        // Types of support code that start processes, themselves or through others.
        var starters = new HashSet<string>();
        bool Starts(string text) => Start().IsMatch(text) || Words().Matches(text).Any(word => starters.Contains(word.Value));
        for (var before = -1; before != starters.Count;)
        {
            before = starters.Count;
            starters.UnionWith(files.Where(file => !IsTest(file.Text) && Starts(file.Text)).Select(file => Path.GetFileName(file.Path)));
        }
        Assert.Contains("GuardianProgram", starters);
        Assert.Contains("RoomFixture", starters);
        Assert.Empty(files.Where(file => IsTest(file.Text) && Starts(file.Text) && !file.Text.Contains(Trait, StringComparison.Ordinal))
            .Select(file => file.Path));
    }

    private static bool IsTest(string text) => TestAttribute().IsMatch(text);

    [GeneratedRegex(@"\[(Fact|Theory)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"\bProcess\.Start\(|\bnew (System\.Diagnostics\.)?Process(StartInfo)?\b")]
    private static partial Regex Start();

    [GeneratedRegex(@"\b[A-Z]\w+")]
    private static partial Regex Words();
}
