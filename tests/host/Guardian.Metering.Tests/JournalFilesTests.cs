using Guardian.Refusals;

namespace Guardian.Metering.Tests;

/// <summary>A journal of several files tells what one file would tell, and each file tells everything from its beginning on.</summary>
public sealed class JournalFilesTests : IDisposable
{
    private const int FileSize = 8192;

    private readonly TemporaryFolder folder = new();
    private readonly Guid[] guests = [.. Enumerable.Range(0, 6).Select(_ => Guid.NewGuid())];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Several_files_tell_what_one_tells(int seed)
    {
        var history = MakeHistory(new Random(seed), 700);
        var (one, several) = (folder.File("one.journal"), folder.File("several.journal"));
        Write(one, history, long.MaxValue);
        Write(several, history, FileSize);
        Assert.False(File.Exists(one + ".2"));
        Assert.True(File.Exists(several + ".4"));

        var whole = Timeline.Build(Journal.Read(one, DateTimeOffset.MinValue));
        var joined = Timeline.Build(Journal.Read(several, DateTimeOffset.MinValue));
        Assert.Equal(whole.Keys.Order(), joined.Keys.Order());
        foreach (var (instance, timeline) in whole)
        {
            Assert.Equivalent(timeline, joined[instance], strict: true);
        }

        // A bill reads from the file that its period needs, and comes to the same sums.
        var (begin, end) = (history[0].Wall, history[^1].Wall);
        for (var day = DateTimeOffset.FromUnixTimeMilliseconds(begin); day.ToUnixTimeMilliseconds() < end; day = day.AddDays(1))
        {
            var part = Timeline.Build(Journal.Read(several, day));
            foreach (var (instance, timeline) in whole)
            {
                var held = EpcUsage.SumRunning(timeline, day, day.AddDays(3));
                Assert.Equal(held, part.TryGetValue(instance, out var own) ? EpcUsage.SumRunning(own, day, day.AddDays(3)) : 0);
                if (own is { Sizes.Count: > 0 })
                {
                    var launched = FindLaunch(timeline, day);
                    Assert.Equal(Bill(timeline, day, launched), Bill(own, day, launched));
                }
            }
        }
    }

    [Fact]
    public void A_meter_that_starts_again_reads_the_newest_file_and_knows_the_same_guests()
    {
        var history = MakeHistory(new Random(5), 700);
        var (one, several) = (folder.File("one.journal"), folder.File("several.journal"));
        Write(one, history, long.MaxValue);
        Write(several, history, FileSize);
        var (read, known) = Known(several);
        Assert.Equal(Known(one).Guests, known);
        Assert.InRange(read, 1, 100);
    }

    [Fact]
    public void Files_may_be_moved_away_from_the_old_end_but_not_from_the_middle()
    {
        var path = folder.File("h.journal");
        Write(path, MakeHistory(new Random(6), 700), FileSize);
        File.Delete(path);
        Assert.NotEmpty(Journal.Read(path, DateTimeOffset.MinValue));
        Assert.Equal([path], Journal.FindIn(folder.Path));
        File.Delete(path + ".4");
        var refusal = Assert.Throws<RefusedException>(() => Journal.Read(path, DateTimeOffset.MinValue).Count()).Refusal;
        Assert.Equal((MeteringReasons.MissingJournal, $"there is {path}.5, but not {path}.4"), (refusal.Reason, refusal.Detail));
        // A bill of a later period does not need it.
        Assert.NotEmpty(Journal.Read(path, DateTimeOffset.MaxValue));
    }

    [Fact]
    public void A_guest_that_runs_since_the_clock_was_ten_days_ahead_counts_as_in_one_file()
    {
        const long Day = 86_400_000, Hour = 3_600_000, Begin = 1_700_000_000_000;
        var boot = Guid.NewGuid();
        List<JournalRecord> history =
        [
            JournalRecord.At(new ClockReading(boot, 0, Begin + (10 * Day)), JournalKind.Defined, guests[0], 8),
            JournalRecord.At(new ClockReading(boot, 0, Begin + (10 * Day)), JournalKind.Started, guests[0]),
            JournalRecord.At(new ClockReading(boot, Hour, Begin + Hour), JournalKind.Alive),
        ];
        for (var hour = 2; hour < 240; hour++)
        {
            history.Add(JournalRecord.At(
                new ClockReading(boot, hour * Hour, Begin + (hour * Hour)), JournalKind.Defined, guests[1], 8 * (1 + (hour % 2))));
        }
        var path = folder.File("h.journal");
        Write(path, history, FileSize);
        Assert.True(File.Exists(path + ".3"));
        var from = DateTimeOffset.FromUnixTimeMilliseconds(Begin + (9 * Day));
        Assert.Equal(
            EpcUsage.SumRunning(Timeline.Build(history)[guests[0]], from, from.AddDays(9)),
            EpcUsage.SumRunning(Timeline.Build(Journal.Read(path, from))[guests[0]], from, from.AddDays(9)));
    }

    [Fact]
    public void The_last_line_of_a_file_that_another_follows_is_not_torn_but_damaged()
    {
        var path = folder.File("h.journal");
        Write(path, MakeHistory(new Random(8), 700), FileSize);
        var first = File.ReadAllBytes(path);
        File.WriteAllBytes(path, first[..^1]);
        Assert.Throws<RefusedException>(() => Journal.Read(path, DateTimeOffset.MinValue).Count());
        first[^2] ^= 1;
        File.WriteAllBytes(path, first);
        Assert.Throws<RefusedException>(() => Journal.Read(path, DateTimeOffset.MinValue).Count());
    }

    [Fact]
    public void A_disk_that_takes_no_new_file_leaves_the_old_one_in_use()
    {
        var path = folder.File("h.journal");
        var history = MakeHistory(new Random(7), 200);
        Directory.CreateDirectory(path + ".2");
        Write(path, history, FileSize);
        Assert.Equal(history, Journal.Read(path, DateTimeOffset.MinValue));
    }

    // Nova counts anew when a server that no host had is unshelved.
    private static DateTimeOffset FindLaunch(InstanceTimeline timeline, DateTimeOffset day)
    {
        var at = day.ToUnixTimeMilliseconds();
        var stay = timeline.Stays.FirstOrDefault(stay => stay.End > at, new Period(at, at));
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(at, stay.Start));
    }

    private static decimal Bill(InstanceTimeline timeline, DateTimeOffset day, DateTimeOffset launched)
    {
        var counted = EpcUsage.FindCounted(timeline, day, launched, 72);
        return EpcUsage.SumHeld(timeline, counted, ShelvedTime.FindAbsences(timeline, launched, counted));
    }

    private static void Write(string path, IReadOnlyList<JournalRecord> history, long fileSize)
    {
        using var journal = Journal.Open(path, _ => { }, fileSize);
        foreach (var records in history.Chunk(20))
        {
            journal.Append(records);
        }
    }

    private static (int Read, IEnumerable<string> Guests) Known(string path)
    {
        var (read, standing) = (0, new StandingRecords());
        using (Journal.Open(path, record =>
        {
            read++;
            standing.Add(record);
        }))
        {
        }
        return (read, standing.List().Where(record => record.Instance is not null).Select(record => record.ToString()).Order());
    }

    // As a meter writes: guests come and go over boots of the host and steps of its clock, and some events are written late.
    private List<JournalRecord> MakeHistory(Random random, int count)
    {
        var history = new List<JournalRecord>();
        var (boot, uptime, offset) = (Guid.NewGuid(), 1_000L, 1_700_000_000_000L);
        var running = new HashSet<Guid>();
        var defined = new HashSet<Guid>();
        ClockReading Now() => new(boot, uptime, uptime + offset);
        for (var i = 0; i < count; i++)
        {
            uptime += random.Next(1, 2_000_000);
            var guest = guests[random.Next(guests.Length)];
            switch (random.Next(20))
            {
                case 0:
                    (boot, offset, uptime) = (Guid.NewGuid(), offset + uptime, 1_000);
                    running.Clear();
                    history.Add(JournalRecord.At(Now(), JournalKind.Alive));
                    break;
                case 1:
                    offset += random.Next(-7_200_000, 7_200_000);
                    history.Add(JournalRecord.At(Now(), JournalKind.Alive));
                    break;
                case < 8 when !running.Contains(guest) || random.Next(4) == 0:
                    defined.Add(guest);
                    history.Add(JournalRecord.At(
                        Now(), JournalKind.Defined, guest, 8 * random.Next(1, 4), random.Next(3) == 0 ? null : "p", "f"));
                    break;
                case < 13 when defined.Contains(guest) && running.Add(guest):
                    history.Add(JournalRecord.At(Now(), JournalKind.Started, guest));
                    break;
                case < 17 when running.Remove(guest):
                    history.Add(JournalRecord.At(Now(), JournalKind.Stopped, guest));
                    break;
                case < 20 when !running.Contains(guest) && defined.Remove(guest):
                    history.Add(JournalRecord.At(Now(), JournalKind.Removed, guest));
                    break;
                default:
                    break;
            }
        }
        return history;
    }
}
