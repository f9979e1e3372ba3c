using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes dates as <c>1985-11-24</c>, for any separator between day, month and year in the file.</summary>
internal static class DateNormaliser
{
    private const string Format = "yyyy-MM-dd";

    /// <summary>Normalises a date.</summary>
    /// <param name="text">Three numbers in the given order, separated by one character that is not a digit; or eight digits. The year has
    /// four digits.</param>
    /// <param name="order">The order of day, month and year.</param>
    /// <param name="buffer">Receives the result, 10 characters.</param>
    /// <returns>The length of the result: 0 when the text is empty, -1 when it is not a day of the calendar.</returns>
    public static int Normalise(ReadOnlySpan<char> text, DateOrder order, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        Span<char> digits = stackalloc char[8];
        var isRead = text.Length == digits.Length && !text.ContainsAnyExceptInRange('0', '9')
            ? text.TryCopyTo(digits)
            : TryJoinNumbers(text, order, digits);
        var format = order switch { DateOrder.DayMonthYear => "ddMMyyyy", DateOrder.MonthDayYear => "MMddyyyy", _ => "yyyyMMdd" };
        return isRead && DateOnly.TryParseExact(digits, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && day.TryFormat(buffer, out var length, Format, CultureInfo.InvariantCulture) ? length : -1;
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
