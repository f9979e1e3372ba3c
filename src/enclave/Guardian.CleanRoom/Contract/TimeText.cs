namespace Guardian.CleanRoom.Contract;

/// <summary>
/// Reads instants as files and contracts write them: a day, optionally followed by a blank or <c>T</c> and a time of hours and minutes,
/// with optional seconds, fraction and offset. RFC 3339 is a subset. Databases write the offset behind a blank, without a colon, or as
/// <c>UTC</c>. A day alone is its first instant.
/// </summary>
public static class TimeText
{
    // DateTime counts in 100 ns; finer digits are dropped.
    private const int FractionDigits = 7;

    // In minutes; no clock is further from UTC.
    private const int MaxOffset = 14 * 60;

    /// <summary>Reads an instant.</summary>
    /// <param name="text">The text; white space around it is ignored.</param>
    /// <param name="clock">The time on the clock.</param>
    /// <param name="offset">The offset of that clock from UTC; null when the text has none.</param>
    /// <returns>False when the text is not an instant. Never throws for any text.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, out DateTime clock, out TimeSpan? offset)
    {
        (clock, offset) = (default, null);
        var reader = new Reader(text.Trim());
        if (!reader.TryReadNumber(4, out var year) || !reader.TryReadSymbol('-') || !reader.TryReadNumber(2, out var month)
            || !reader.TryReadSymbol('-') || !reader.TryReadNumber(2, out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }
        clock = new DateTime(year, month, day);
        if (reader.IsAtEnd)
        {
            return true;
        }
        if (!(reader.TryReadSymbol('T') || reader.TryReadSymbol('t') || reader.TryReadSymbol(' '))
            || !TryReadTime(ref reader, out var time) || !TryReadOffset(ref reader, out offset) || !reader.IsAtEnd)
        {
            return false;
        }
        clock += time;
        return offset is not { } ahead || (clock.Ticks - ahead.Ticks >= 0 && clock.Ticks - ahead.Ticks <= DateTime.MaxValue.Ticks);
    }

    private static bool TryReadTime(ref Reader reader, out TimeSpan time)
    {
        var (second, fraction) = (0, 0L);
        time = default;
        if (!reader.TryReadNumber(2, out var hour) || hour > 23
            || !reader.TryReadSymbol(':') || !reader.TryReadNumber(2, out var minute) || minute > 59
            || (reader.TryReadSymbol(':')
                && (!reader.TryReadNumber(2, out second) || second > 59
                    || (reader.TryReadSymbol('.') && !reader.TryReadFraction(FractionDigits, out fraction)))))
        {
            return false;
        }
        time = new TimeSpan(hour, minute, second) + new TimeSpan(fraction);
        return true;
    }

    private static bool TryReadOffset(ref Reader reader, out TimeSpan? offset)
    {
        offset = null;
        if (reader.IsAtEnd)
        {
            return true;
        }
        _ = reader.TryReadSymbol(' ');
        if (reader.TryReadSymbol('Z') || reader.TryReadSymbol('z')
            || (reader.TryReadSymbol('U') && reader.TryReadSymbol('T') && reader.TryReadSymbol('C')))
        {
            offset = TimeSpan.Zero;
            return true;
        }
        var isBehind = reader.TryReadSymbol('-');
        if ((!isBehind && !reader.TryReadSymbol('+')) || !reader.TryReadNumber(2, out var hour))
        {
            return false;
        }
        var minute = 0;
        var hasColon = reader.TryReadSymbol(':');
        if (((hasColon || !reader.IsAtEnd) && !reader.TryReadNumber(2, out minute)) || minute > 59 || (60 * hour) + minute > MaxOffset)
        {
            return false;
        }
        offset = new TimeSpan(hour, minute, 0) * (isBehind ? -1 : 1);
        return true;
    }

    private ref struct Reader(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> rest = text;

        public readonly bool IsAtEnd => rest.IsEmpty;

        public bool TryReadSymbol(char wanted)
        {
            if (rest.IsEmpty || rest[0] != wanted)
            {
                return false;
            }
            rest = rest[1..];
            return true;
        }

        public bool TryReadNumber(int digits, out int value)
        {
            value = 0;
            if (rest.Length < digits)
            {
                return false;
            }
            foreach (var digit in rest[..digits])
            {
                if (!char.IsAsciiDigit(digit))
                {
                    return false;
                }
                value = (10 * value) + (digit - '0');
            }
            rest = rest[digits..];
            return true;
        }

        // Reads any number of digits; only the first ones count.
        public bool TryReadFraction(int digits, out long value)
        {
            value = 0;
            var count = 0;
            for (; count < rest.Length && char.IsAsciiDigit(rest[count]); count++)
            {
                value = count < digits ? (10 * value) + (rest[count] - '0') : value;
            }
            rest = rest[count..];
            for (var missing = count; missing < digits; missing++)
            {
                value *= 10;
            }
            return count > 0;
        }
    }
}
