namespace Guardian.CleanRoom;

/// <summary>Reads conditions as people write them: <c>campaign.arm = Mens E-Mail</c>, <c>customers.zip_code in Urban, Rural</c>.</summary>
public static class PredicateText
{
    // Longer ones first, so that <= is not read as <.
    private static readonly string[] Operators = ["!=", "<=", ">=", "=", "<", ">"];

    /// <summary>Reads one condition.</summary>
    /// <param name="problem">What is wrong, when the result is null.</param>
    public static Predicate? TryRead(string text, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        problem = null;
        var rest = text.Trim();
        var end = rest.IndexOfAny([' ', '=', '!', '<', '>']);
        var column = end > 0 ? rest[..end] : "";
        rest = end > 0 ? rest[end..].TrimStart() : "";
        if (!ColumnReference.TryParse(column, out _))
        {
            problem = $"'{text}' does not begin with dataset.column";
            return null;
        }
        if (rest.StartsWith("in ", StringComparison.Ordinal))
        {
            return Complete(column, "in", SplitValues(rest[3..]), text, out problem);
        }
        foreach (var known in Operators)
        {
            if (rest.StartsWith(known, StringComparison.Ordinal))
            {
                return Complete(column, known, [Unquote(rest[known.Length..].Trim())], text, out problem);
            }
        }
        problem = $"'{text}' has no operator after {column}: =, !=, <, <=, >, >=, in";
        return null;
    }

    private static Predicate? Complete(string column, string known, List<string> values, string text, out string? problem)
    {
        problem = values.Count == 0 || values.Contains("") ? $"'{text}' lacks a value after '{known}'; put values with commas or quotes between double quotes" : null;
        return problem is null ? new Predicate(column, known, values) : null;
    }

    // Commas part values, but not between double quotes.
    private static List<string> SplitValues(string text)
    {
        var values = new List<string>();
        var start = 0;
        var isQuoted = false;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (i == text.Length || (text[i] == ',' && !isQuoted))
            {
                values.Add(Unquote(text[start..i].Trim()));
                start = i + 1;
            }
        }
        return values;
    }

    private static string Unquote(string text) => text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;
}
