using System.Buffers;
using System.Text;

namespace Guardian.Cli.Sessions;

/// <summary>Writes single values so that a reader of YAML gets exactly these characters, and nothing beside them.</summary>
internal static class YamlTexts
{
    // Harmless at every place of a plain value, also in brackets.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+=-");

    // Harmless in a plain value outside brackets if they are neither first nor last.
    private static readonly SearchValues<char> PlainOutside =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+=-:$@%^&*()|;'\"~ ,");

    /// <summary>Writes a value on one line: plainly if no reader can take it for anything else, else in double quotes.</summary>
    /// <param name="isFlow">Whether the value stands in brackets.</param>
    public static string Write(string value, bool isFlow) => IsPlain(value, isFlow) ? value : Quote(value);

    /// <summary>Writes a value in double quotes.</summary>
    public static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var rune in value.EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                // Also what some readers take for the end of a line (NEL, LS, PS).
                < ' ' or (>= 0x7F and <= 0xA0) or 0x2028 or 0x2029 or 0xFEFF => $"\\u{rune.Value:X4}",
                _ => rune.ToString(),
            });
        }
        return text.Append('"').ToString();
    }

    /// <summary>Writes lines as a block after <c>key: </c>; null when only quotes keep the value as it is.</summary>
    /// <param name="indent">The indentation of the lines.</param>
    public static string? TryWriteBlock(string value, int indent)
    {
        if (!value.Contains('\n', StringComparison.Ordinal) || value[0] is ' ' or '\n' or '\t'
            || value.Any(character => character != '\n' && (char.IsControl(character) || character is '\u2028' or '\u2029' or '\uFEFF'
                || char.IsSurrogate(character))))
        {
            return null;
        }
        var endings = value.Length - value.TrimEnd('\n').Length;
        if (value.TrimEnd('\n').Split('\n').Any(line => line.EndsWith(' ')))
        {
            return null;
        }
        var block = new StringBuilder(endings switch { 0 => "|-", 1 => "|", _ => "|+" });
        foreach (var line in value[..^Math.Min(endings, 1)].Split('\n'))
        {
            block.Append('\n').Append(line.Length > 0 ? new string(' ', indent) : "").Append(line);
        }
        return block.ToString();
    }

    private static bool IsPlain(string value, bool isFlow)
    {
        if (value.Length == 0 || (!char.IsAsciiLetterOrDigit(value[0]) && value[0] is not ('/' or '.' or '_' or '+'))
            || value.StartsWith("...", StringComparison.Ordinal))
        {
            return false;
        }
        return !value.AsSpan().ContainsAnyExcept(Plain)
            || (!isFlow && !value.AsSpan().ContainsAnyExcept(PlainOutside) && value[^1] is not (' ' or ':')
                && !value.Contains(": ", StringComparison.Ordinal));
    }
}
