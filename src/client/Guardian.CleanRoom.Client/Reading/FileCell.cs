using System.Globalization;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>
/// Reads cells as files write them: by the data set's <see cref="FileRules"/>, and in the ways that spreadsheets and pandas write values
/// (<c>12.0</c>, <c>1.5E+03</c>, <c>yes</c>, a timestamp for a day). Not thread-safe.
/// </summary>
internal sealed class FileCell
{
    private const NumberStyles Number = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private static readonly Dictionary<string, string> FlagWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["yes"] = "1", ["y"] = "1", ["t"] = "1", ["1.0"] = "1", ["no"] = "0", ["n"] = "0", ["f"] = "0", ["0.0"] = "0",
    };

    private readonly FileRules rules;
    private readonly HashSet<string> empty;

    /// <param name="rules">The rules of the data set's file.</param>
    public FileCell(FileRules rules)
    {
        this.rules = rules;
        empty = new HashSet<string>(rules.Empty, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether a cell counts as empty.</summary>
    public bool IsEmpty(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return text.IsEmpty || (empty.Count > 0 && empty.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text));
    }

    /// <summary>Whether a cell begins or ends with the sign of a currency.</summary>
    public static bool HasCurrency(ReadOnlySpan<char> text) => !text.IsEmpty
        && (char.GetUnicodeCategory(text[0]) == UnicodeCategory.CurrencySymbol
            || char.GetUnicodeCategory(text[^1]) == UnicodeCategory.CurrencySymbol);

    /// <summary>Reads a cell that is not empty.</summary>
    /// <param name="column">The column.</param>
    /// <param name="text">The cell.</param>
    /// <param name="value">The value as <see cref="CellText.TryRead"/> gives it; null when the column takes the cell for empty.</param>
    /// <param name="problem">The problem, for people; null when the result is true.</param>
    /// <returns>Whether the cell has a value of the column, or counts as empty.</returns>
    public bool TryRead(Column column, ReadOnlySpan<char> text, out long? value, out string? problem)
    {
        var isPlain = column.Kind switch
        {
            ColumnKind.Integer or ColumnKind.Decimal => rules.HasPlainNumbers,
            ColumnKind.Date => rules.Dates == DateOrder.YearMonthDay,
            _ => true,
        };
        if (isPlain && CellText.TryRead(column, text, out var plain, out problem))
        {
            value = plain;
            return true;
        }
        var written = text.Trim().ToString();
        if (column.Kind == ColumnKind.Category && column.Unlisted == UnlistedValues.Empty && FindValue(column, written) is null)
        {
            (value, problem) = (null, null);
            return true;
        }
        value = null;
        if (ToPlain(column, written) is not { } converted)
        {
            problem = Explain(written, CellText.DescribeMismatch(column, written));
        }
        else if (CellText.TryRead(column, converted, out plain, out problem))
        {
            value = plain;
        }
        else
        {
            problem = Explain(written, problem!);
        }
        return value is not null;
    }

    // The cell as a question would write it; null when the rules of the file give it no meaning.
    private string? ToPlain(Column column, string text) => column.Kind switch
    {
        ColumnKind.Integer or ColumnKind.Decimal => ToNumber(column, text),
        ColumnKind.Date => ToDay(text),
        ColumnKind.Flag => FlagWords.GetValueOrDefault(text, text),
        _ => FindValue(column, text) ?? (column.Unlisted == UnlistedValues.Other ? FileRules.OtherValue : text),
    };

    // A listed value that differs only in upper and lower case, if there is just one.
    private static string? FindValue(Column column, string text)
    {
        text = CanonicalText.Compose(text);
        if (column.Values.Contains(text))
        {
            return text;
        }
        var alike = column.Values.Where(value => value.Equals(text, StringComparison.OrdinalIgnoreCase)).Take(2).ToList();
        return alike.Count == 1 ? alike[0] : null;
    }

    private string? ToNumber(Column column, string text)
    {
        var digits = text;
        if (rules.Thousands is { } sign)
        {
            digits = RemoveThousands(digits, sign);
        }
        if (digits is null || (rules.Decimal == ',' && digits.Contains('.', StringComparison.Ordinal)))
        {
            return null;
        }
        digits = rules.Decimal == ',' ? digits.Replace(',', '.') : digits;
        if (!decimal.TryParse(digits, Number, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }
        var places = column.Kind == ColumnKind.Decimal ? column.Places : 0;
        var rounded = Math.Round(number, places, MidpointRounding.AwayFromZero);
        return rounded == number || column.IsRounded ? Shorten(rounded) : null;
    }

    // Without the zeros at the end that 12.0 and 1.500 have.
    private static string Shorten(decimal number) =>
        number.ToString("0.######", CultureInfo.InvariantCulture);

    // Removes signs that stand between groups of three digits, and only there.
    private string? RemoveThousands(string text, char sign)
    {
        var end = text.IndexOf(rules.Decimal, StringComparison.Ordinal);
        var whole = Normalise(end < 0 ? text : text[..end], sign);
        var groups = whole.TrimStart('-', '+').Split(sign);
        var isGrouped = groups.Length == 1
            || (groups[0].Length is >= 1 and <= 3 && groups.Skip(1).All(group => group.Length == 3 && group.All(char.IsAsciiDigit)));
        return isGrouped ? whole.Replace(sign.ToString(), "", StringComparison.Ordinal) + (end < 0 ? "" : text[end..]) : null;
    }

    // Spreadsheets write protected and narrow blanks, and a typographic apostrophe.
    private static string Normalise(string text, char sign) => sign switch
    {
        ' ' => text.Replace('\u00A0', ' ').Replace('\u202F', ' ').Replace('\u2009', ' '),
        '\'' => text.Replace('\u2019', '\''),
        _ => text,
    };

    // The day of a date, or of a timestamp as it is written, whatever its offset.
    private string? ToDay(string text)
    {
        var end = rules.Dates == DateOrder.Serial ? -1 : text.IndexOfAny([' ', 'T']);
        if ((end > 0 && !TimeText.TryRead($"2000-01-01{text[end..]}", out _, out _))
            || !DateNormaliser.TryRead(end > 0 ? text[..end] : text, rules.Dates, out var day))
        {
            return null;
        }
        return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    // Names the line of the contract that would give the cell a meaning.
    private string Explain(string text, string problem)
    {
        if (Nobody.IsWord(text, IdentifierKind.CustomerId))
        {
            var word = text.Replace("\\", "\\\\", StringComparison.Ordinal);
            return $"{problem}; if it means an empty cell, the contract says so: 'file: {{empty: [\"{word}\"]}}'";
        }
        if (HasCurrency(text))
        {
            return $"{problem}; write the number without the sign of its currency";
        }
        return rules.Decimal == '.' && text.Count(character => character == ',') == 1
            && decimal.TryParse(text.Replace(',', '.'), Number, CultureInfo.InvariantCulture, out _)
            ? $"{problem}; if the comma is a decimal sign, the contract says so: 'file: {{decimal: \",\"}}'"
            : problem;
    }
}
