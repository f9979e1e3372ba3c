using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Tests.Contract;

/// <summary>Points in time as files write them.</summary>
public class TimeTextTests
{
    [Theory]
    [InlineData("2026-03-01", "2026-03-01T00:00:00.0000000", null)]
    [InlineData(" 2026-03-01 18:30 ", "2026-03-01T18:30:00.0000000", null)]
    [InlineData("2026-03-01T18:30:15Z", "2026-03-01T18:30:15.0000000", 0)]
    [InlineData("2024-02-29T23:59:59.123456789+01:00", "2024-02-29T23:59:59.1234567", 60)]
    [InlineData("2026-03-01 18:30:15.5-0330", "2026-03-01T18:30:15.5000000", -210)]
    [InlineData("2026-03-01 10:00:00.000 -0700", "2026-03-01T10:00:00.0000000", -420)]
    [InlineData("2026-03-01 10:00:00.123456 UTC", "2026-03-01T10:00:00.1234560", 0)]
    [InlineData("2026-03-01T18:30:15 Z", "2026-03-01T18:30:15.0000000", 0)]
    [InlineData("2026-03-01 18:30:15+05:", null, null)]
    [InlineData("2026-03-01 18:30:15+053", null, null)]
    [InlineData("2026-03-01 18:30:15 PST", null, null)]
    [InlineData("2026-03-01 18:30:15 UT", null, null)]
    [InlineData("2026-03-01 18:30:15  UTC", null, null)]
    [InlineData("2026-03-01 18:30:15.5-03:30", "2026-03-01T18:30:15.5000000", -210)]
    [InlineData("2026-03-01 18:30:15+05", "2026-03-01T18:30:15.0000000", 300)]
    [InlineData("2026-02-29", null, null)]
    [InlineData("2026-13-01", null, null)]
    [InlineData("0000-01-01", null, null)]
    [InlineData("2026-3-1", null, null)]
    [InlineData("2026-03-01T", null, null)]
    [InlineData("2026-03-01T24:00", null, null)]
    [InlineData("2026-03-01T18:30:60", null, null)]
    [InlineData("2026-03-01T18:30:15.", null, null)]
    [InlineData("2026-03-01T18:30:15+14:01", null, null)]
    [InlineData("0001-01-01T00:00:00+01:00", null, null)]
    [InlineData("9999-12-31T23:59:59-01:00", null, null)]
    [InlineData("", null, null)]
    public void A_time_is_read_as_written_or_refused(string text, string? clock, int? minutes)
    {
        var read = TimeText.TryRead(text, out var found, out var offset);
        Assert.Equal(clock is not null, read);
        if (read)
        {
            var written = found.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture);
            Assert.Equal((clock, minutes), (written, (int?)offset?.TotalMinutes));
        }
    }
}
