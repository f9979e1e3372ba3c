namespace Guardian.CleanRoom.Contract;

/// <summary>
/// Reads points in time as files and contracts write them: a day; a blank or <c>T</c> and a time with hours and minutes, seconds and fractions of them if any; an offset if any.
/// RFC 3339 is among this. A day alone is its first instant.
/// </summary>
public static class TimeText
{
    // DateTime counts in 100 ns; what is finer is cut off.
    private const int FractionDigits = 7;

    // In minutes; no clock is further from UTC.
    private const int MaxOffset = 14 * 60;

    /// <summary>Reads a point in time.</summary>
    /// <param name="clock">What the clock showed.</param>
    /// <param name="offset">How far that clock was ahead of UTC; null when the text does not say.</param>
    /// <returns>False when it is none. Never throws for any text.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, out DateTime clock, out TimeSpan? offset)
    {
        (clock, offset) = (default, null);
        var reader = new Reader(text.Trim());
        if (!reader.TryNumber(4, out var year) || !reader.TryTake('-') || !reader.TryNumber(2, out var month) || !reader.TryTake('-') || !reader.TryNumber(2, out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }
        clock = new DateTime(year, month, day);
        if (reader.IsAtEnd)
        {
            return true;
        }
        if (!(reader.TryTake('T') || reader.TryTake('t') || reader.TryTake(' ')) || !TryTime(ref reader, out var time) || !TryOffset(ref reader, out offset) || !reader.IsAtEnd)
        {
            return false;
        }
        clock += time;
        return offset is not { } ahead || (clock.Ticks - ahead.Ticks >= 0 && clock.Ticks - ahead.Ticks <= DateTime.MaxValue.Ticks);
    }

    private static bool TryTime(ref Reader reader, out TimeSpan time)
    {
        var (second, fraction) = (0, 0L);
        time = default;
        if (!reader.TryNumber(2, out var hour) || hour > 23 || !reader.TryTake(':') || !reader.TryNumber(2, out var minute) || minute > 59
            || (reader.TryTake(':') && (!reader.TryNumber(2, out second) || second > 59 || (reader.TryTake('.') && !reader.TryFraction(FractionDigits, out fraction)))))
        {
            return false;
        }
        time = new TimeSpan(hour, minute, second) + new TimeSpan(fraction);
        return true;
    }

    private static bool TryOffset(ref Reader reader, out TimeSpan? offset)
    {
        offset = null;
        if (reader.IsAtEnd)
        {
            return true;
        }
        if (reader.TryTake('Z') || reader.TryTake('z'))
        {
            offset = TimeSpan.Zero;
            return true;
        }
        var isBehind = reader.TryTake('-');
        var minute = 0;
        if ((!isBehind && !reader.TryTake('+')) || !reader.TryNumber(2, out var hour) || (reader.TryTake(':') && !reader.TryNumber(2, out minute)) || minute > 59 || (60 * hour) + minute > MaxOffset)
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

        public bool TryTake(char wanted)
        {
            if (rest.IsEmpty || rest[0] != wanted)
            {
                return false;
            }
            rest = rest[1..];
            return true;
        }

        public bool TryNumber(int digits, out int value)
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

        // Any number of digits, of which so many count.
        public bool TryFraction(int digits, out long value)
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
