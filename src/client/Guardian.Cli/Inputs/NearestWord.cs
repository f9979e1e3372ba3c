namespace Guardian.Cli.Inputs;

/// <summary>Finds the word that a user probably meant.</summary>
internal static class NearestWord
{
    private const int MinPrefixLength = 2;

    /// <summary>Finds the most similar word.</summary>
    /// <param name="typed">The word that is unknown.</param>
    /// <param name="known">The words that exist.</param>
    /// <returns>The word; null when none begins with these letters and more than a third of the letters of any would have to
    /// change.</returns>
    public static string? Find(string typed, IEnumerable<string> known)
    {
        List<string> words = [.. known];
        if (typed.Length >= MinPrefixLength
            && words.Where(word => word.StartsWith(typed, StringComparison.Ordinal)).MinBy(word => word.Length) is { } longer)
        {
            return longer;
        }
        return words.MinBy(word => CountEdits(typed, word)) is { } nearest
            && CountEdits(typed, nearest) <= Math.Min(typed.Length, nearest.Length) / 3
            ? nearest
            : null;
    }

    // Insertions, deletions, substitutions, and exchanges of neighbours (optimal string alignment).
    private static int CountEdits(string from, string to)
    {
        var edits = Enumerable.Range(0, from.Length + 1).Select(_ => new int[to.Length + 1]).ToArray();
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i][j] = i + j;
                    continue;
                }
                var substituted = edits[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                edits[i][j] = Math.Min(substituted, Math.Min(edits[i - 1][j], edits[i][j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    edits[i][j] = Math.Min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[from.Length][to.Length];
    }
}
