
namespace Guardian.CleanRoom.Contract;

/// <summary>
/// Reads conditions as people write them: <c>campaign.arm = Mens E-Mail</c>, <c>customers.zip_code in Urban, Rural</c>,
/// <c>customers.age between 20 and 29 and not (customers.region = North or customers.score &lt; 3)</c>.
/// </summary>
/// <remarks>
/// <code>
///   condition  = term *( "or" term )          term = factor *( "and" factor )
///   factor     = "not" factor / "(" condition ")" / comparison
///   comparison = column operator value / column "in" value *( "," value ) / column "between" value "and" value
/// </code>
/// A value ends before a parenthesis and before the words "and" and "or". A value in double quotes may contain anything; a double quote
/// in it is doubled.
/// </remarks>
public sealed class ConditionText
{
    // The limit on recursion. Nobody writes deeper conditions by hand.
    private const int MaxDepth = 16;

    // Longer operators come first, so that <= is not read as <.
    private static readonly string[] Operators = ["!=", "<=", ">=", "=", "<", ">"];

    private readonly string text;
    private int position;
    private int depth;
    private string? problem;

    private ConditionText(string text) => this.text = text;

    /// <summary>Reads a condition.</summary>
    /// <param name="text">The condition as people write it.</param>
    /// <param name="problem">The problem, for people; null when there is none.</param>
    /// <returns>The condition, or null when the text is not one.</returns>
    public static Condition? TryRead(string text, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        var reader = new ConditionText(text);
        var condition = reader.ReadAny();
        if (condition is not null && reader.Rest().Length > 0)
        {
            reader.Fail($"does not end after a condition, but goes on with '{reader.Rest()}'");
        }
        problem = reader.problem;
        return problem is null ? condition : null;
    }

    /// <summary>Whether a value must be quoted, because it contains a word of the language.</summary>
    internal static bool IsWord(string value) =>
        value.Split(' ').Any(word => word.ToUpperInvariant() is "AND" or "OR" or "NOT") || value != value.Trim();

    private Condition? ReadAny() => ReadParts("or", ReadAll, parts => new AnyOf(parts));

    private Condition? ReadAll() => ReadParts("and", ReadFactor, parts => new AllOf(parts));

    private Condition? ReadParts(string word, Func<Condition?> readPart, Func<List<Condition>, Condition> join)
    {
        var parts = new List<Condition>();
        do
        {
            if (readPart() is not { } part)
            {
                return null;
            }
            parts.Add(part);
        }
        while (TryReadWord(word));
        return parts.Count == 1 ? parts[0] : join(parts);
    }

    private Condition? ReadFactor()
    {
        if (++depth > MaxDepth)
        {
            return Fail($"is nested more than {MaxDepth} deep");
        }
        Condition? factor;
        if (TryReadWord("not"))
        {
            factor = ReadFactor() is { } negated ? new NotOf(negated) : null;
        }
        else if (TryReadSymbol("("))
        {
            factor = ReadAny();
            if (factor is not null && !TryReadSymbol(")"))
            {
                factor = Fail("lacks a closing parenthesis");
            }
        }
        else
        {
            factor = ReadComparison();
        }
        depth--;
        return factor;
    }

    private Condition? ReadComparison()
    {
        SkipBlanks();
        var start = position;
        while (position < text.Length && text[position] is not (' ' or '=' or '!' or '<' or '>' or '(' or ')'))
        {
            position++;
        }
        var column = text[start..position];
        if (!ColumnReference.TryParse(column, out _))
        {
            return Fail(start == 0 ? "does not begin with dataset.column" : $"needs dataset.column at '{text[start..]}'");
        }
        if (TryReadWord("in"))
        {
            var values = new List<string>();
            do
            {
                values.Add(ReadValue(isList: true));
            }
            while (TryReadSymbol(","));
            return Complete(column, "in", values);
        }
        if (TryReadWord("between"))
        {
            var first = ReadValue(isList: false);
            return TryReadWord("and")
                ? Complete(column, "between", [first, ReadValue(isList: false)])
                : Fail($"lacks 'and' after 'between {first}'");
        }
        foreach (var known in Operators)
        {
            if (TryReadSymbol(known))
            {
                return Complete(column, known, [ReadValue(isList: false)]);
            }
        }
        return Fail($"has no operator after {column}: =, !=, <, <=, >, >=, in, between");
    }

    private Predicate? Complete(string column, string operation, List<string> values)
    {
        if (values.Contains(""))
        {
            Fail($"lacks a value after '{operation}'; values with commas, quotes, 'and' or 'or' need double quotes");
            return null;
        }
        return new Predicate(column, operation, values);
    }

    private string ReadValue(bool isList)
    {
        SkipBlanks();
        if (TryReadSymbol("\""))
        {
            return ReadQuoted();
        }
        var start = position;
        while (position < text.Length && text[position] is not ('(' or ')' or '"') && !(isList && text[position] == ',')
            && !IsAtWord("and") && !IsAtWord("or"))
        {
            position++;
        }
        return text[start..position].Trim();
    }

    private string ReadQuoted()
    {
        var value = new System.Text.StringBuilder();
        for (; position < text.Length; position++)
        {
            if (text[position] != '"')
            {
                value.Append(text[position]);
            }
            else if (position + 1 < text.Length && text[position + 1] == '"')
            {
                value.Append('"');
                position++;
            }
            else
            {
                position++;
                return value.ToString();
            }
        }
        Fail("lacks a closing quote");
        return "";
    }

    private bool TryReadWord(string word)
    {
        SkipBlanks();
        if (!IsAtWord(word))
        {
            return false;
        }
        position += word.Length;
        return true;
    }

    private bool TryReadSymbol(string symbol)
    {
        SkipBlanks();
        if (!text.AsSpan(position).StartsWith(symbol, StringComparison.Ordinal))
        {
            return false;
        }
        position += symbol.Length;
        return true;
    }

    // A word is delimited by blanks, parentheses, quotes or the ends of the text.
    private bool IsAtWord(string word) =>
        text.AsSpan(position).StartsWith(word, StringComparison.OrdinalIgnoreCase)
        && (position == 0 || text[position - 1] is ' ' or '(' or ')' or '"')
        && (position + word.Length == text.Length || text[position + word.Length] is ' ' or '(' or ')' or '"');

    private void SkipBlanks()
    {
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }
    }

    private string Rest() => text[position..].Trim();

    private Condition? Fail(string what)
    {
        problem ??= $"'{text}' {what}";
        return null;
    }
}
