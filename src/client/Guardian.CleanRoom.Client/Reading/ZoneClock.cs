using System.Globalization;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads times of a time zone. Not thread-safe.</summary>
internal sealed class ZoneClock
{
    // Cached offsets, one for each minute; a month has 43,200.
    private const int MaxKnownMinutes = 65_536;

    private static readonly long FirstDay = new DateTime(1970, 1, 1).Ticks / TimeSpan.TicksPerDay;

    private readonly TimeZoneInfo zone;
    private readonly DateOrder order;
    private readonly Dictionary<long, TimeSpan> knownInstants = [];
    private readonly Dictionary<long, TimeSpan?> knownClocks = [];

    /// <param name="zone">The zone's IANA name.</param>
    /// <param name="order">The form of the dates in times.</param>
    /// <exception cref="RefusedException">This machine does not know the zone.</exception>
    public ZoneClock(string zone, DateOrder order = DateOrder.YearMonthDay)
    {
        this.order = order;
        this.zone = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)
        ? found
        : throw RoomClientReasons.RefuseData(
            $"this machine knows no time zone '{zone}'; correct the contract's 'zone', or install the system's time zone data (tzdata)");
    }

    /// <summary>Reads a cell: a time with an offset, or a time of the zone's clocks.</summary>
    /// <param name="text">The cell.</param>
    /// <param name="instant">The time in units of 100 ns UTC since the year 1.</param>
    /// <param name="day">The zone's day, counted from 1970-01-01.</param>
    /// <returns>The problem, or null.</returns>
    public string? FindProblem(ReadOnlySpan<char> text, out long instant, out int day)
    {
        (instant, day) = (0, 0);
        if (!TryReadTime(text, out var clock, out var offset))
        {
            return $"'{(text.Length <= 40 ? text : text[..40])}' is not a time such as 2026-11-24 18:30:00 or 2026-11-24T18:30:00+01:00";
        }
        if (offset is { } ahead)
        {
            instant = (clock - ahead).Ticks;
            clock = new DateTime(Math.Clamp(instant + OffsetAt(instant).Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks));
        }
        else if (OffsetOf(clock) is { } zoned)
        {
            instant = clock.Ticks - zoned.Ticks;
        }
        else
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"the clocks of {zone.Id} skipped {clock:yyyy-MM-dd HH:mm}; write times with their offset");
        }
        day = (int)((clock.Ticks / TimeSpan.TicksPerDay) - FirstDay);
        return null;
    }

    // In another order than that of RFC 3339, the date is rewritten first; a serial number has its time as a fraction.
    private bool TryReadTime(ReadOnlySpan<char> text, out DateTime clock, out TimeSpan? offset)
    {
        if (order == DateOrder.YearMonthDay)
        {
            return TimeText.TryRead(text, out clock, out offset);
        }
        (clock, offset) = (default, null);
        text = text.Trim();
        var end = order == DateOrder.Serial ? -1 : text.IndexOfAny(' ', 'T');
        if (!DateNormaliser.TryRead(end > 0 ? text[..end] : text, order, out var date))
        {
            return false;
        }
        if (order == DateOrder.Serial)
        {
            clock = date.ToDateTime(default) + TimeSpan.FromSeconds(
                Math.Round(double.Parse(text, CultureInfo.InvariantCulture) % 1 * TimeSpan.SecondsPerDay));
            return true;
        }
        return TimeText.TryRead($"{date:O}{(end > 0 ? text[end..] : "")}", out clock, out offset);
    }

    private TimeSpan OffsetAt(long instant)
    {
        var minute = instant / TimeSpan.TicksPerMinute;
        if (!knownInstants.TryGetValue(minute, out var offset))
        {
            offset = zone.GetUtcOffset(new DateTime(instant, DateTimeKind.Utc));
            Remember(knownInstants, minute, offset);
        }
        return offset;
    }

    // Null in the hour that clocks skip in spring. A time that occurs twice in autumn counts as the later one.
    private TimeSpan? OffsetOf(DateTime clock)
    {
        var minute = clock.Ticks / TimeSpan.TicksPerMinute;
        if (!knownClocks.TryGetValue(minute, out var offset))
        {
            offset = zone.IsInvalidTime(clock) ? null : zone.GetUtcOffset(clock);
            Remember(knownClocks, minute, offset);
        }
        return offset;
    }

    private static void Remember<T>(Dictionary<long, T> known, long minute, T offset)
    {
        if (known.Count == MaxKnownMinutes)
        {
            known.Clear();
        }
        known[minute] = offset;
    }
}
