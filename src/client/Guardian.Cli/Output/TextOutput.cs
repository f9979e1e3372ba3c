namespace Guardian.Cli.Output;

/// <summary>
/// Writes results for people. A line is written as it is, whatever the width: people can copy it whole, and a pipe gets one line
/// for each entry. Only tables and lists of facts are fitted to a terminal, between words. Names and values may come from a partner's
/// contract, so nothing in a line is an order to the terminal.
/// </summary>
/// <param name="writer">Standard output, or a writer that drops everything.</param>
/// <param name="width">Columns of the terminal; null for a pipe, which has no width.</param>
internal sealed class TextOutput(TextWriter writer, int? width)
{
    private const int FactGap = 2;

    /// <summary>Writes a line, or several.</summary>
    public void WriteLine(string line = "") => writer.WriteLine(Format.PrintableLines(line));

    /// <summary>Writes a document as it is.</summary>
    public void Write(string text) => writer.Write(text);

    /// <summary>Writes the title of a step, as a rule across a terminal.</summary>
    public void WriteHeading(string title)
    {
        WriteLine();
        title = Format.Printable(title);
        WriteLine($"── {title} {new string('─', Math.Max(2, (width ?? 0) - TextWidth.Of(title) - 4))}");
    }

    /// <summary>Writes names and values, one pair for each line, with the values below each other.</summary>
    public void WriteFacts(params IEnumerable<(string Name, string Value)> facts)
    {
        var all = facts.Select(fact => (Name: Format.Printable(fact.Name), Value: Format.PrintableLines(fact.Value))).ToList();
        var indent = all.Select(fact => TextWidth.Of(fact.Name)).DefaultIfEmpty().Max() + FactGap;
        foreach (var (name, value) in all)
        {
            var lines = TextWidth.Wrap(value, width is { } columns ? columns - indent : int.MaxValue);
            WriteLine($"{TextWidth.Pad(name, indent)}{lines[0]}".TrimEnd());
            foreach (var line in lines.Skip(1))
            {
                WriteLine(new string(' ', indent) + line);
            }
        }
    }

    /// <summary>Writes a table.</summary>
    public void WriteTable(TextTable table)
    {
        foreach (var line in table.Render(width))
        {
            WriteLine(line);
        }
    }
}
