namespace Guardian.Cli.Output;

/// <summary>The lines around a table's cells.</summary>
/// <param name="Top">The line above the table; null for none.</param>
/// <param name="Middle">The line below the titles.</param>
/// <param name="Bottom">The line below the table; null for none.</param>
/// <param name="Edge">Begins a row; its mirror ends it.</param>
/// <param name="Separator">Stands between two cells.</param>
internal sealed record TableFrame(TableLine? Top, TableLine Middle, TableLine? Bottom, string Edge, string Separator)
{
    public static TableFrame Rounded { get; } =
        new(new("╭─", "─┬─", "─╮", '─'), new("├─", "─┼─", "─┤", '─'), new("╰─", "─┴─", "─╯", '─'), "│ ", " │ ");

    /// <summary>As the stock OpenStack client draws tables.</summary>
    public static TableFrame Ascii { get; } = new(TableLine.Ascii, TableLine.Ascii, TableLine.Ascii, "| ", " | ");

    /// <summary>Blanks between the cells, and one line below the titles.</summary>
    public static TableFrame None { get; } = new(null, new("", "  ", "", '─'), null, "", "  ");

    /// <summary>Columns of a whole row.</summary>
    /// <param name="cells">Columns of each cell.</param>
    public int Width(IReadOnlyList<int> cells) => cells.Sum() + (2 * Edge.Length) + ((cells.Count - 1) * Separator.Length);

    /// <summary>Joins the cells of a row.</summary>
    public string Row(IEnumerable<string> cells) => (Edge + string.Join(Separator, cells) + string.Concat(Edge.Reverse())).TrimEnd();
}

/// <summary>A horizontal line of a table.</summary>
internal sealed record TableLine(string Left, string Cross, string Right, char Fill)
{
    public static TableLine Ascii { get; } = new("+-", "-+-", "-+", '-');

    public string Draw(IEnumerable<int> widths) => Left + string.Join(Cross, widths.Select(width => new string(Fill, width))) + Right;
}
