using Guardian.Cli.Output;

namespace Guardian.Cli.Tests.Output;

public sealed class TextTableTests
{
    [Fact]
    public void In_a_pipe_a_table_is_as_wide_as_its_cells() =>
        Assert.Equal(
            [
                "╭─────────────────────┬─────────╮",
                "│ arm                 │ persons │",
                "├─────────────────────┼─────────┤",
                "│ No E-Mail (control) │  21,306 │",
                "╰─────────────────────┴─────────╯",
            ],
            Create().Render(null));

    [Fact]
    public void On_a_terminal_cells_wrap_between_words() =>
        Assert.Equal(
            [
                "╭───────────┬─────────╮",
                "│ arm       │ persons │",
                "├───────────┼─────────┤",
                "│ No E-Mail │  21,306 │",
                "│ (control) │         │",
                "╰───────────┴─────────╯",
            ],
            Create().Render(23));

    [Fact]
    public void A_table_that_is_too_wide_loses_its_frame() =>
        Assert.Equal(
            [
                "arm        persons",
                "─────────  ───────",
                "No E-Mail   21,306",
                "(control)",
            ],
            Create().Render(18));

    [Fact]
    public void A_table_that_is_wider_still_becomes_a_list() =>
        Assert.Equal(["arm      No", "         E-Mail", "         (control)", "persons  21,306", ""], Create().Render(17));

    [Fact]
    public void The_frame_of_the_stock_client_is_plain()
    {
        var table = new TextTable(TableFrame.Ascii).AddTextColumns("Field", "Value");
        table.AddRow("Servers", "1");
        Assert.Equal(["+---------+-------+", "| Field   | Value |", "+---------+-------+", "| Servers | 1     |", "+---------+-------+"],
            table.Render(80));
    }

    [Fact]
    public void Wide_characters_take_two_columns()
    {
        var table = new TextTable(TableFrame.Ascii).AddTextColumns("name");
        table.AddRow("日本");
        table.AddRow("abcd");
        Assert.Equal(["| name |", "| 日本 |", "| abcd |"], table.Render(null).Where(line => line.StartsWith('|')));
    }

    [Theory]
    [InlineData("a bb ccc", 4, "a bb|ccc")]
    [InlineData("0123456789 x", 4, "0123456789|x")]
    [InlineData("one\ntwo", 80, "one|two")]
    [InlineData("", 4, "")]
    public void Text_is_wrapped_between_words_and_no_word_is_broken(string text, int width, string lines) =>
        Assert.Equal(lines, string.Join('|', TextWidth.Wrap(text, width)));

    private static TextTable Create()
    {
        var table = new TextTable().AddTextColumns("arm").AddNumberColumns("persons");
        table.AddRow("No E-Mail (control)", "21,306");
        return table;
    }
}
