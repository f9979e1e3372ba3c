namespace Guardian.Cli.Output;

/// <summary>
/// A table of text. It is as wide as its cells in a pipe. A terminal gets it fitted, and no word is ever broken: a table that is too wide
/// loses its frame first, and then becomes a list.
/// </summary>
/// <param name="frame">The lines around the cells.</param>
internal sealed class TextTable(TableFrame frame)
{
    private readonly List<(string Title, bool IsRight)> columns = [];
    private readonly List<string[]> rows = [];

    /// <summary>Makes a table with rounded corners.</summary>
    public TextTable() : this(TableFrame.Rounded)
    {
    }

    /// <summary>Adds columns that are aligned left.</summary>
    public TextTable AddTextColumns(params ReadOnlySpan<string> titles) => AddColumns(titles, isRight: false);

    /// <summary>Adds columns that are aligned right.</summary>
    public TextTable AddNumberColumns(params ReadOnlySpan<string> titles) => AddColumns(titles, isRight: true);

    /// <summary>Adds a row.</summary>
    /// <param name="cells">One for each column.</param>
    public void AddRow(params string[] cells) => rows.Add([.. cells.Select(Format.PrintableLines)]);

    /// <summary>Draws the table.</summary>
    /// <param name="width">Columns of the terminal; null for a pipe.</param>
    public IEnumerable<string> Render(int? width)
    {
        var least = MeasureColumns(TextWidth.OfLongestWord);
        var fitting = new[] { frame, TableFrame.None }.FirstOrDefault(each => width is null || each.Width(least) <= width);
        return fitting is null ? RenderList(width!.Value) : Render(fitting, FitColumns(least, fitting, width ?? int.MaxValue));
    }

    private IEnumerable<string> Render(TableFrame drawn, List<int> widths)
    {
        IEnumerable<string> Row(string[] cells)
        {
            var wrapped = cells.Select((cell, column) => TextWidth.Wrap(cell, widths[column])).ToList();
            for (var line = 0; line < wrapped.Max(cell => cell.Count); line++)
            {
                yield return drawn.Row(
                    wrapped.Select((cell, column) => Align(line < cell.Count ? cell[line] : "", widths[column], columns[column].IsRight)));
            }
        }
        return
        [
            .. drawn.Top?.Draw(widths) is { } top ? [top] : Array.Empty<string>(),
            .. Row([.. columns.Select(column => column.Title)]),
            drawn.Middle.Draw(widths),
            .. rows.SelectMany(Row),
            .. drawn.Bottom?.Draw(widths) is { } bottom ? [bottom] : Array.Empty<string>(),
        ];
    }

    private IEnumerable<string> RenderList(int width)
    {
        var indent = columns.Max(column => TextWidth.Of(column.Title)) + 2;
        foreach (var row in rows)
        {
            foreach (var (column, cell) in columns.Zip(row))
            {
                var lines = TextWidth.Wrap(cell, width - indent);
                yield return (TextWidth.Pad(column.Title, indent) + lines[0]).TrimEnd();
                foreach (var line in lines.Skip(1))
                {
                    yield return new string(' ', indent) + line;
                }
            }
            yield return "";
        }
    }

    private TextTable AddColumns(ReadOnlySpan<string> titles, bool isRight)
    {
        foreach (var title in titles)
        {
            columns.Add((Format.PrintableLines(title), isRight));
        }
        return this;
    }

    private static string Align(string text, int width, bool isRight) =>
        isRight ? TextWidth.PadLeft(text, width) : TextWidth.Pad(text, width);

    private List<int> MeasureColumns(Func<string, int> measure) =>
        [.. columns.Select((column, index) => rows.Select(row => row[index]).Append(column.Title).Max(measure))];

    // Each column gets its longest word first; the rest of the terminal is shared by what each column still wants.
    private List<int> FitColumns(List<int> least, TableFrame drawn, int width)
    {
        var widest = MeasureColumns(cell => cell.Split('\n').Max(TextWidth.Of));
        var wanted = widest.Sum() - least.Sum();
        var left = width - drawn.Width(least);
        return wanted <= left ? widest : [.. widest.Zip(least, (most, fewest) => fewest + ((most - fewest) * left / wanted))];
    }
}
