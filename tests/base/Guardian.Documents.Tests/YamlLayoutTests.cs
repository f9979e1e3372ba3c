namespace Guardian.Documents.Tests;

/// <summary>A layout knows the place of each value and comment, whatever way it is written.</summary>
public class YamlLayoutTests
{
    private const string Text = """
        # first
        name: shop # which
        quoted: "a # b"
        single: 'it''s'
        list: [one, {deep: "two"}] # in brackets
        block: |
          a # b
            c

        # before empty
        empty:
        items:
          - x: 1
            y: plain text of
              two lines
          - z

        """;

    [Theory]
    [InlineData("name", "shop")]
    [InlineData("quoted", "\"a # b\"")]
    [InlineData("single", "'it''s'")]
    [InlineData("empty", "")]
    [InlineData("list", "[one, {deep: \"two\"}]")]
    public void A_value_is_at_its_place(string member, string written)
    {
        var place = Read(Text).Top.Find(member)!;
        Assert.Equal(written, Text[place.Start..place.End]);
    }

    [Fact]
    public void Nested_values_and_blocks_are_at_their_places()
    {
        var top = Read(Text).Top;
        Assert.Equal(["name", "quoted", "single", "list", "block", "empty", "items"], top.Members!.Select(member => member.Key.Value));
        var deep = top.Find("list")!.Items![1].Find("deep")!;
        Assert.Equal(("two", "\"two\"", YamlTextStyle.Quoted), (deep.Value, Text[deep.Start..deep.End], deep.Style));
        var block = top.Find("block")!;
        Assert.Equal(("a # b\n  c\n", YamlTextStyle.Block), (block.Value, block.Style));
        Assert.StartsWith("|\n", Text[block.Start..], StringComparison.Ordinal);
        Assert.Equal("# before empty", Text[block.End..].TrimStart().Split('\n')[0]);
        var lines = top.Find("items")!.Items![0].Find("y")!;
        Assert.Equal("plain text of two lines", lines.Value);
        Assert.EndsWith("two lines", Text[lines.Start..lines.End], StringComparison.Ordinal);
        Assert.Equal("z", Text[top.Find("items")!.Items![1].Start..top.Find("items")!.End]);
    }

    [Fact]
    public void Comments_are_found_outside_values_only()
    {
        var comments = Read(Text).ReadComments();
        Assert.Equal(
            [(1, "# first", true), (2, "# which", false), (5, "# in brackets", false), (10, "# before empty", true)],
            comments.Select(comment => (comment.Line, comment.Text, comment.IsAlone)));
    }

    [Fact]
    public void Windows_line_ends_and_characters_beyond_the_basic_plane_do_not_shift_places()
    {
        const string text = "a: \"\U0001F512\"\r\nb: x\r\n";
        var layout = Read(text);
        Assert.Equal("x", text[layout.Top.Find("b")!.Start..layout.Top.Find("b")!.End]);
    }

    [Theory]
    [InlineData("a: &x 1\n")]
    [InlineData("a: [1\n")]
    [InlineData("- a\n")]
    [InlineData("")]
    public void Text_that_the_reader_refuses_has_no_layout(string text)
    {
        var problems = new DocumentProblems();
        Assert.Null(YamlLayout.Read(text, problems));
        Assert.True(problems.Any);
    }

    [Fact]
    public void Problems_that_earlier_releases_accepted_count_for_new_documents_alone()
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read("a: 1\n"u8, problems)!;
        map.Find("a")!.ReportForNew("one is too few");
        Assert.Equal((true, false), (problems.Any, problems.AnyForStored));
        map.Report("worse");
        Assert.Equal((true, true), (problems.Any, problems.AnyForStored));
    }

    private static YamlLayout Read(string text)
    {
        var problems = new DocumentProblems();
        var layout = YamlLayout.Read(text, problems);
        Assert.True(layout is not null, string.Join('\n', problems.Items));
        return layout;
    }
}
