using System.Text;
using System.Text.RegularExpressions;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>The table of SCONE's and MarbleRun's features shows each feature that exists in a session that is accepted.</summary>
public sealed partial class FeatureTableTests
{
    private static readonly string Page = File.ReadAllText(Repository.File("docs", "reference", "scone.md"));

    private static readonly Dictionary<string, string> Examples = Example().Matches(Page)
        .ToDictionary(example => example.Groups[1].Value, example => example.Groups[2].Value);

    public static TheoryData<string, string, string, string> Rows()
    {
        var rows = new TheoryData<string, string, string, string>();
        foreach (Match row in Row().Matches(Page))
        {
            if (row.Groups[1].Value is not ("SCONE" or "MarbleRun" or "---"))
            {
                rows.Add(row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value, row.Groups[4].Value);
            }
        }
        return rows;
    }

    [Fact]
    public void The_tables_are_long_and_every_example_is_used()
    {
        Assert.True(Rows().Count > 70);
        Assert.All(Examples.Keys, name => Assert.Contains($"[{name}](#{name})", Page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_has_a_verdict_and_shows_what_exists_in_an_accepted_session(
        string feature, string here, string verdict, string example)
    {
        Assert.Matches("^(same|better|not, because .+)(, \\[.*)?$", verdict);
        if (verdict.StartsWith("not", StringComparison.Ordinal))
        {
            Assert.Empty(example.Trim());
            return;
        }
        var name = Link().Match(example);
        Assert.True(name.Success, feature);
        var text = Examples[name.Groups[1].Value];
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.True(session is not null, string.Join('\n', refusal?.Problems ?? []));
        // The example has a word that the row names, if it names any member.
        var words = Code().Matches(here).SelectMany(code => Word().Matches(code.Value)).Select(word => word.Value).ToList();
        Assert.True(words.Count == 0 || words.Exists(word => text.Contains(word, StringComparison.Ordinal)), $"{feature}: {here}");
    }

    // Cells have no '|' except between quotes of code.
    [GeneratedRegex(
        @"^\| ((?:`[^`]*`|[^|`])+) \| ((?:`[^`]*`|[^|`])+) \| ((?:`[^`]*`|[^|`])+) \| ((?:`[^`]*`|[^|`])*)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^### ([a-z]+)\n\n```yaml\n(.*?)```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"\[[a-z]+\]\(#([a-z]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]+`")]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z_-]{3,}")]
    private static partial Regex Word();
}
