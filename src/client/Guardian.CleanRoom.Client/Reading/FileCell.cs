using System.Globalization;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>
/// Reads cells as files write them: by the data set's <see cref="FileRules"/>, and in the ways that spreadsheets and pandas write values
/// (<c>12.0</c>, <c>1.5E+03</c>, <c>€5</c>, <c>yes</c>, a timestamp for a day). Not thread-safe.
/// </summary>
internal sealed class FileCell
{
    private const NumberStyles Number = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private static readonly Dictionary<string, string> FlagWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["yes"] = "1", ["y"] = "1", ["t"] = "1", ["1.0"] = "1", ["no"] = "0", ["n"] = "0", ["f"] = "0", ["0.0"] = "0",
    };

    private readonly FileRules rules;
    private readonly bool isDeclaredAlone;
    private readonly HashSet<string> empty;
    private readonly Dictionary<string, string> units = [];

    /// <param name="rules">The rules of the data set's file.</param>
    /// <param name="isDeclaredAlone">Whether signs between thousands that the rules do not name are no part of a number, even if there is
    /// no other reading.</param>
    public FileCell(FileRules rules, bool isDeclaredAlone = false)
    {
        (this.rules, this.isDeclaredAlone) = (rules, isDeclaredAlone);
        empty = new HashSet<string>(rules.Empty, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The forms in which files write numbers; an earlier one is preferred.</summary>
    public static IReadOnlyList<FileRules> NumberForms { get; } =
    [
        new FileRules(),
        new FileRules { Decimal = ',' },
        new FileRules { Thousands = ',' },
        new FileRules { Decimal = ',', Thousands = '.' },
        new FileRules { Decimal = ',', Thousands = ' ' },
        new FileRules { Thousands = ' ' },
        new FileRules { Thousands = '\'' },
    ];

    /// <summary>Whether a cell counts as empty.</summary>
    public bool IsEmpty(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return text.IsEmpty || (empty.Count > 0 && empty.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text));
    }

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
            problem = Explain(column, written, CellText.DescribeMismatch(column, written));
        }
        else if (CellText.TryRead(column, converted, out plain, out problem))
        {
            value = plain;
        }
        else
        {
            problem = Explain(column, written, problem!);
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
        if (Amount.Split(text, column.Unit) is { } amount)
        {
            if (!amount.IsIn(UnitOf(column, amount)))
            {
                return null;
            }
            text = amount.Number;
        }
        var digits = (rules.Thousands ?? FindThousands(text)) is { } sign ? RemoveThousands(text, sign) : text;
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

    // The column's unit; without one, that of the first cell which has any.
    private string UnitOf(Column column, Amount amount) =>
        column.Unit ?? (units.TryAdd(column.Name, amount.Unit) ? amount.Unit : units[column.Name]);

    // The sign between thousands that a number can only have: 1'000, 1,000,000 and 1,000.5, but not 1,000.
    private char? FindThousands(string text)
    {
        var other = rules.Decimal == '.' ? ',' : '.';
        var others = text.Count(character => character == other);
        return isDeclaredAlone ? null
            : others > 1 || (others == 1 && text.Contains(rules.Decimal, StringComparison.Ordinal)) ? other
            : others == 1 ? null
            : text.IndexOfAny(['\'', '\u2019']) >= 0 ? '\''
            : ' ';
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
    private string Explain(Column column, string text, string problem)
    {
        if (Nobody.IsWord(text, IdentifierKind.CustomerId))
        {
            var word = text.Replace("\\", "\\\\", StringComparison.Ordinal);
            return $"{problem}; if it means an empty cell, the contract says so: 'file: {{empty: [\"{word}\"]}}'";
        }
        if (column.Kind is not (ColumnKind.Integer or ColumnKind.Decimal) || ToNumber(column, text) is not null)
        {
            return problem;
        }
        if (Amount.Split(text, column.Unit) is { } amount && UnitOf(column, amount) is var unit && !amount.IsIn(unit))
        {
            return $"{problem}; the unit of the column is '{unit}'";
        }
        var readings = NumberForms.Select(form => ReadIn(form, column, text)).OfType<string>().ToList();
        return readings.Count == 0 ? problem : $"{problem}; the contract can say what it is: {string.Join(", or ", readings)}";
    }

    // The line of the contract with which a cell is a number, and the number.
    private static string? ReadIn(FileRules form, Column column, string text)
    {
        var thousands = form.Thousands is { } sign ? $", thousands: \"{sign}\"" : "";
        return new FileCell(form, isDeclaredAlone: true).ToNumber(column, text) is { } number
            ? $"'file: {{decimal: \"{form.Decimal}\"{thousands}}}' makes it {number}"
            : null;
    }
}
