using System.Globalization;

namespace Guardian.Node.Words;

/// <summary>Reads the words of a role's command line, which are pairs of a name and a value.</summary>
internal static class RoleWords
{
    /// <summary>Reads the pairs.</summary>
    /// <param name="words">The words.</param>
    /// <param name="names">The known names.</param>
    /// <param name="problem">The mistake; null when there is none.</param>
    /// <returns>The values by their names; null when there is a mistake.</returns>
    public static Dictionary<string, string>? TryRead(IReadOnlyList<string> words, string[] names, out string? problem)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < words.Count; i += 2)
        {
            problem = !names.Contains(words[i]) ? $"'{words[i]}' is unknown"
                : i + 1 == words.Count || !values.TryAdd(words[i], words[i + 1]) ? $"{words[i]} needs one value"
                : null;
            if (problem is not null)
            {
                return null;
            }
        }
        problem = null;
        return values;
    }

    /// <summary>Reads a number from 1 on; null when the text is none, or a larger one.</summary>
    public static int? TryReadNumber(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most ? number : null;
}
