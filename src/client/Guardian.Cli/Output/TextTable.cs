namespace Guardian.Cli.Output;

/// <summary>A table of text. It is as wide as its cells in a pipe; a terminal gets it fitted, but no word is ever broken.</summary>
/// <param name="frame">The lines around the cells.</param>
internal sealed class TextTable(TableFrame frame)
{
    // A cell has a blank on both sides and a line on its left; one line ends the row.
    private const int CellFrame = 3;
    private const int RowEnd = 1;

    private readonly List<(string Title, bool IsRight)> columns = [];
    private readonly List<string[]> rows = [];

    /// <summary>Makes a table with rounded corners.</summary>
    public TextTable() : this(TableFrame.Rounded)
    {
    }

    /// <summary>Adds columns that are aligned left.</summary>
    public TextTable AddTextColumns(params ReadOnlySpan<string> titles) => Add(titles, isRight: false);

    /// <summary>Adds columns that are aligned right.</summary>
    public TextTable AddNumberColumns(params ReadOnlySpan<string> titles) => Add(titles, isRight: true);

    /// <summary>Adds a row.</summary>
    /// <param name="cells">One for each column.</param>
    public void AddRow(params string[] cells) => rows.Add(cells);

    /// <summary>Draws the table.</summary>
    /// <param name="width">Columns of the terminal; null for a pipe.</param>
    public IEnumerable<string> Render(int? width)
    {
        string[] titles = [.. columns.Select(column => column.Title)];
        var widths = FitColumns(titles, width ?? int.MaxValue);
        string Line(string left, string cross, string right) =>
            left + string.Join(cross, widths.Select(each => string.Concat(Enumerable.Repeat(frame.Horizontal, each + 2)))) + right;
        IEnumerable<string> Row(string[] cells)
        {
            var wrapped = cells.Select((cell, column) => TextWidth.Wrap(cell, widths[column])).ToList();
            for (var line = 0; line < wrapped.Max(cell => cell.Count); line++)
            {
                yield return frame.Vertical + string.Join(frame.Vertical, wrapped.Select((cell, column) =>
                {
                    var text = line < cell.Count ? cell[line] : "";
                    return $" {(columns[column].IsRight ? TextWidth.PadLeft(text, widths[column]) : TextWidth.Pad(text, widths[column]))} ";
                })) + frame.Vertical;
            }
        }
        return
        [
            Line(frame.TopLeft, frame.Top, frame.TopRight),
            .. Row(titles),
            Line(frame.Left, frame.Cross, frame.Right),
            .. rows.SelectMany(Row),
            Line(frame.BottomLeft, frame.Bottom, frame.BottomRight),
        ];
    }

    private TextTable Add(ReadOnlySpan<string> titles, bool isRight)
    {
        foreach (var title in titles)
        {
            columns.Add((title, isRight));
        }
        return this;
    }

    // Each column gets its longest word first; the rest of the terminal is shared by what each column still wants.
    private List<int> FitColumns(string[] titles, int width)
    {
        List<int> Measure(Func<string, int> measure) => [.. titles.Select((title, column) => rows.Select(row => row[column]).Append(title).Max(measure))];
        var widest = Measure(cell => cell.Split('\n').Max(TextWidth.Of));
        var least = Measure(TextWidth.OfLongestWord);
        var wanted = widest.Sum() - least.Sum();
        var left = Math.Max(0, width - RowEnd - (CellFrame * titles.Length) - least.Sum());
        return wanted <= left ? widest : [.. widest.Zip(least, (most, fewest) => fewest + ((most - fewest) * left / wanted))];
    }
}

/// <summary>The characters of a table's lines.</summary>
internal sealed record TableFrame(
    string TopLeft, string Top, string TopRight, string Left, string Cross, string Right, string BottomLeft, string Bottom, string BottomRight,
    string Horizontal, string Vertical)
{
    public static TableFrame Rounded { get; } = new("╭", "┬", "╮", "├", "┼", "┤", "╰", "┴", "╯", "─", "│");

    /// <summary>As the stock OpenStack client draws tables.</summary>
    public static TableFrame Ascii { get; } = new("+", "+", "+", "+", "+", "+", "+", "+", "+", "-", "|");
}
