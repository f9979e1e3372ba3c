using System.Globalization;
using Guardian.CleanRoom.Base;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the text of a cell by its column's type. Files and questions follow the same rules.</summary>
public static class CellText
{
    /// <summary>The greatest absolute value of a number in a contract or a file, after scaling by the column's places.</summary>
    public const long GreatestNumber = 1_000_000_000_000;

    private static readonly int FirstDay = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>Reads a value.</summary>
    /// <param name="column">The column.</param>
    /// <param name="text">The cell; white space around it is ignored.</param>
    /// <param name="value">Index of a category; 0 or 1; a whole number; a decimal times 10^places; days since 1970-01-01.</param>
    /// <param name="problem">The problem, for people; null when the result is true.</param>
    /// <returns>Whether the text is a value of the column within its bounds.</returns>
    public static bool TryRead(Column column, ReadOnlySpan<char> text, out long value, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(column);
        text = text.Trim();
        problem = null;
        var read = column.Kind switch
        {
            ColumnKind.Category => TryReadCategory(column, text, out value),
            ColumnKind.Flag => TryReadFlag(text, out value),
            ColumnKind.Integer => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
            ColumnKind.Date => TryReadDay(text, out value),
            _ => TryReadDecimal(column, text, out value),
        };
        if (!read)
        {
            problem = DescribeMismatch(column, text);
            return false;
        }
        if (value < column.Minimum || value > column.Maximum)
        {
            problem = $"{Shown(text)} is not from {Write(column, column.Minimum)} to {Write(column, column.Maximum)}";
            return false;
        }
        return true;
    }

    /// <summary>Says, for people, that a text is no value of a column, and how one looks.</summary>
    /// <param name="column">The column.</param>
    /// <param name="text">The text; its first 40 characters are shown.</param>
    /// <returns>A clause without a full stop.</returns>
    public static string DescribeMismatch(Column column, ReadOnlySpan<char> text)
    {
        ArgumentNullException.ThrowIfNull(column);
        return $"'{Shown(text)}' is not {Expected(column)}";
    }

    /// <summary>Writes a value as text.</summary>
    public static string Write(Column column, long value)
    {
        ArgumentNullException.ThrowIfNull(column);
        return column.Kind switch
        {
            ColumnKind.Category => column.Values[(int)value],
            ColumnKind.Decimal => (value / Power(column.Places)).ToString(CultureInfo.InvariantCulture),
            ColumnKind.Date => DateOnly.FromDayNumber((int)(value + FirstDay))
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => value.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Reads a day such as <c>2026-11-24</c> as days since 1970-01-01.</summary>
    public static bool TryReadDay(ReadOnlySpan<char> text, out long days)
    {
        var read = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date);
        days = read ? date.DayNumber - FirstDay : 0;
        return read;
    }

    /// <summary>Computes 10^places.</summary>
    public static decimal Power(int places)
    {
        var power = 1m;
        for (var i = 0; i < places; i++)
        {
            power *= 10;
        }
        return power;
    }

    private static bool TryReadCategory(Column column, ReadOnlySpan<char> text, out long value)
    {
        text = CanonicalText.IsSurelyComposed(text) ? text : CanonicalText.Compose(text.ToString());
        for (var i = 0; i < column.Values.Count; i++)
        {
            if (text.Equals(column.Values[i], StringComparison.Ordinal))
            {
                value = i;
                return true;
            }
        }
        value = 0;
        return false;
    }

    private static bool TryReadFlag(ReadOnlySpan<char> text, out long value)
    {
        value = text is "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        return value == 1 || text is "0" || text.Equals("false", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryReadDecimal(Column column, ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        // The bound makes the scaled number fit 64 bits. A number with more places than the column is refused, not rounded.
        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) || Math.Abs(number) > GreatestNumber)
        {
            return false;
        }
        var scaled = number * Power(column.Places);
        if (scaled != decimal.Truncate(scaled))
        {
            return false;
        }
        value = (long)scaled;
        return true;
    }

    private static string Expected(Column column) => column.Kind switch
    {
        ColumnKind.Category => $"one of {string.Join(", ", column.Values.Take(10))}{(column.Values.Count > 10 ? ", …" : "")}",
        ColumnKind.Flag => "0, 1, true or false",
        ColumnKind.Integer => "a whole number",
        ColumnKind.Date => "a day such as 2026-11-24",
        _ => string.Create(CultureInfo.InvariantCulture, $"a decimal number with at most {column.Places} places"),
    };

    private static string Shown(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : $"{text[..40]}…";
}
