using Spectre.Console.Rendering;

namespace Guardian.Cli.Output;

/// <summary>Columns that text takes on a terminal.</summary>
internal static class TextWidth
{
    /// <summary>The columns of one line; East Asian characters take two.</summary>
    public static int Of(string line) => new Segment(line).CellCount();

    /// <summary>Adds blanks on the right.</summary>
    public static string Pad(string line, int width) => line + new string(' ', Math.Max(0, width - Of(line)));

    /// <summary>Adds blanks on the left.</summary>
    public static string PadLeft(string line, int width) => new string(' ', Math.Max(0, width - Of(line))) + line;

    /// <summary>The columns of the longest word, which no line may be narrower than.</summary>
    public static int OfLongestWord(string text) => text.Split((char[])[' ', '\n']).Max(Of);

    /// <summary>Breaks text into lines between words. A word that is longer than the width stays whole, in a line of its own.</summary>
    /// <returns>At least one line.</returns>
    public static IReadOnlyList<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.Split('\n'))
        {
            if (Of(paragraph) <= width)
            {
                lines.Add(paragraph);
                continue;
            }
            var line = "";
            foreach (var word in paragraph.Split(' '))
            {
                if (line.Length > 0 && Of(line) + 1 + Of(word) > width)
                {
                    lines.Add(line);
                    line = word;
                }
                else
                {
                    line = line.Length > 0 ? $"{line} {word}" : word;
                }
            }
            lines.Add(line);
        }
        return lines;
    }
}
