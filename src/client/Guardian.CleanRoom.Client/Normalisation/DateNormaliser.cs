using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes dates as <c>1985-11-24</c>, for any separator between day, month and year in the file.</summary>
internal static class DateNormaliser
{
    private const string Format = "yyyy-MM-dd";

    // Systems write the ends of their calendars when they know no date.
    private static readonly DateOnly LeastBirth = new(1900, 1, 2);
    private static readonly DateOnly GreatestBirth = new(9999, 12, 30);

    /// <summary>Normalises a date.</summary>
    /// <param name="text">Three numbers in the given order, separated by one character that is not a digit; or eight digits. The year has
    /// four digits.</param>
    /// <param name="order">The order of day, month and year.</param>
    /// <param name="buffer">Receives the result, 10 characters.</param>
    /// <returns>The length of the result: 0 when the text is empty, -1 when it is not a day of the calendar, and
    /// <see cref="Nobody.Length"/> for a day of nobody: before 1900-01-02 or after 9999-12-30.</returns>
    public static int Normalise(ReadOnlySpan<char> text, DateOrder order, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        if (!TryRead(text, order, out var day))
        {
            return -1;
        }
        return day < LeastBirth || day > GreatestBirth ? Nobody.Length
            : day.TryFormat(buffer, out var length, Format, CultureInfo.InvariantCulture) ? length : -1;
    }

    /// <summary>
    /// Normalises a date of which day and month may be swapped: the year, then the lesser and the greater of both. Where a text is no day
    /// in the given order, day and month are read the other way round.
    /// </summary>
    /// <inheritdoc cref="Normalise"/>
    public static int NormaliseUnordered(ReadOnlySpan<char> text, DateOrder order, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        if (!TryRead(text, order, out var day) && !TryRead(text, order, SwappedFormatOf(order), out day))
        {
            return -1;
        }
        if (day < LeastBirth || day > GreatestBirth)
        {
            return Nobody.Length;
        }
        var (lesser, greater) = (Math.Min(day.Month, day.Day), Math.Max(day.Month, day.Day));
        return buffer.TryWrite(CultureInfo.InvariantCulture, $"{day.Year:0000}-{lesser:00}-{greater:00}", out var length) ? length : -1;
    }

    /// <summary>Reads a day.</summary>
    /// <param name="text">The date alone, without blanks around it.</param>
    /// <param name="order">The order of day, month and year.</param>
    /// <param name="day">The day.</param>
    /// <returns>False when it is not a day of the calendar.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, DateOrder order, out DateOnly day)
    {
        if (order == DateOrder.Serial)
        {
            return TryReadSerial(text, out day);
        }
        var format = order switch { DateOrder.DayMonthYear => "ddMMyyyy", DateOrder.MonthDayYear => "MMddyyyy", _ => "yyyyMMdd" };
        return TryRead(text, order, format, out day);
    }

    private static string SwappedFormatOf(DateOrder order) =>
        order switch { DateOrder.DayMonthYear => "MMddyyyy", DateOrder.MonthDayYear => "ddMMyyyy", _ => "yyyyddMM" };

    private static bool TryRead(ReadOnlySpan<char> text, DateOrder order, string format, out DateOnly day)
    {
        day = default;
        if (order == DateOrder.Serial)
        {
            return false;
        }
        Span<char> digits = stackalloc char[8];
        var isRead = text.Length == digits.Length && !text.ContainsAnyExceptInRange('0', '9')
            ? text.TryCopyTo(digits)
            : TryJoinNumbers(text, order, digits);
        return isRead && DateOnly.TryParseExact(digits, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
    }

    // Excel counts a day that never was, 29 February 1900; numbers up to it are not days of a calendar.
    private static bool TryReadSerial(ReadOnlySpan<char> text, out DateOnly day)
    {
        var isDay = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number is >= 61 and < 2_958_466;
        day = isDay ? new DateOnly(1899, 12, 30).AddDays((int)number) : default;
        return isDay;
    }

    // Writes the three numbers one after the other, with leading zeros.
    private static bool TryJoinNumbers(ReadOnlySpan<char> text, DateOrder order, Span<char> digits)
    {
        var (part, position) = (0, 0);
        while (!text.IsEmpty && part < 3)
        {
            var size = text.IndexOfAnyExceptInRange('0', '9') is var end && end < 0 ? text.Length : end;
            var wanted = part == (order == DateOrder.YearMonthDay ? 0 : 2) ? 4 : 2;
            if (size == 0 || size > wanted || (wanted == 4 && size != 4))
            {
                return false;
            }
            digits.Slice(position, wanted).Fill('0');
            text[..size].CopyTo(digits[(position + wanted - size)..]);
            (position, part) = (position + wanted, part + 1);
            text = text[size..];
            text = text[Math.Min(text.Length, 1)..];
        }
        return part == 3 && text.IsEmpty;
    }
}
