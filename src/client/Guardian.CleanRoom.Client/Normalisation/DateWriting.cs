using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes dates as <c>1985-11-24</c>, whatever separates day, month and year in the file.</summary>
internal static class DateWriting
{
    private const string Written = "yyyy-MM-dd";

    /// <summary>Writes a date.</summary>
    /// <param name="text">Three numbers in that order, apart by anything but digits; or eight digits. The year has four.</param>
    /// <returns>Characters written; 0 for none, -1 for what is no day of the calendar.</returns>
    public static int Write(ReadOnlySpan<char> text, DateOrder order, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        Span<char> digits = stackalloc char[8];
        var isRead = text.Length == digits.Length && !text.ContainsAnyExceptInRange('0', '9') ? text.TryCopyTo(digits) : TryJoin(text, order, digits);
        var format = order switch { DateOrder.DayMonthYear => "ddMMyyyy", DateOrder.MonthDayYear => "MMddyyyy", _ => "yyyyMMdd" };
        return isRead && DateOnly.TryParseExact(digits, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && day.TryFormat(buffer, out var length, Written, CultureInfo.InvariantCulture) ? length : -1;
    }

    // The three numbers with leading zeros, one after the other.
    private static bool TryJoin(ReadOnlySpan<char> text, DateOrder order, Span<char> digits)
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
