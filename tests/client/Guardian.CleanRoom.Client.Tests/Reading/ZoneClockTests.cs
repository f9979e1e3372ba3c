using System.Globalization;
using Guardian.CleanRoom.Client.Reading;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests.Reading;

/// <summary>Times of a zone, with and without an offset.</summary>
public class ZoneClockTests
{
    [Fact]
    public void Days_and_clocks_are_those_of_the_zone()
    {
        Assert.SkipUnless(TimeZoneInfo.TryFindSystemTimeZoneById("Europe/Berlin", out _), "this machine has no time zone data");
        var clock = new ZoneClock("Europe/Berlin");
        (string At, string Day) Read(string text)
        {
            Assert.Null(clock.FindProblem(text, out var instant, out var day));
            var date = new DateOnly(1970, 1, 1).AddDays(day);
            return (new DateTime(instant).ToString("s", CultureInfo.InvariantCulture), date.ToString("O", CultureInfo.InvariantCulture));
        }
        Assert.Equal(("2026-03-01T22:30:00", "2026-03-01"), Read("2026-03-01 23:30"));
        Assert.Equal(("2026-03-01T23:30:00", "2026-03-02"), Read("2026-03-01T23:30:00Z"));
        Assert.Equal(("2026-06-30T22:30:00", "2026-07-01"), Read("2026-07-01 00:30"));
        // This time occurs twice in autumn; the later one counts.
        Assert.Equal(("2026-10-25T01:30:00", "2026-10-25"), Read("2026-10-25 02:30"));
        Assert.Contains("skipped 2026-03-29 02:30", clock.FindProblem("2026-03-29 02:30", out _, out _), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_zone_is_refused_by_name()
    {
        var failure = Assert.Throws<RefusedException>(() => new ZoneClock("Europe/Atlantis"));
        Assert.Contains("'Europe/Atlantis'", failure.Message, StringComparison.Ordinal);
    }
}
