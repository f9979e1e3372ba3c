using System.Globalization;
using System.Text;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Writes text from files into YAML, so that no text changes the document around it.</summary>
internal static class YamlWords
{
    private static readonly HashSet<string> Reserved =
        new(StringComparer.OrdinalIgnoreCase) { "true", "false", "yes", "no", "null", "on", "off", "y", "n", "decide" };

    /// <summary>Writes a text as a word, or in double quotes.</summary>
    public static string Write(string text)
    {
        if (text.Length > 0 && char.IsAsciiLetter(text[0]) && !Reserved.Contains(text)
            && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
        {
            return text;
        }
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            _ = letter is '"' or '\\' ? quoted.Append('\\').Append(letter)
                : char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\ufeff'
                    ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}")
                : quoted.Append(letter);
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>Writes texts in one line.</summary>
    public static string Write(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Write))}]";
}
