using Guardian.OpenStack.Compute;

namespace Guardian.Metering.Tests;

public class ShelvedTimeTests
{
    private const int Mebibytes = 8;
    private static readonly DateTimeOffset Launched = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    // In minutes since the launch: the times at which a host had it, Nova's actions, the launch according to Nova, and the minutes that
    // Nova counts.
    [Theory]
    [InlineData("shelved still", "0-60", "shelve 59", 0, 600, 60)]
    [InlineData("deleted while shelved", "0-60", "shelve 59;delete 300", 0, 300, 60)]
    [InlineData("shelved first, given up by its host later", "0-90", "shelve 59;shelveOffload 89", 0, 600, 90)]
    [InlineData("unshelved, and launched anew for Nova", "0-60;182-", "shelve 59;unshelve 180", 183, 600 - 183, 60 + 420)]
    [InlineData("unshelved by the second attempt", "0-60;182-", "shelve 59;unshelve 100;unshelve 180", 183, 600 - 183, 60 + 420)]
    [InlineData("unshelved in vain", "0-60", "shelve 59;unshelve 100", 0, 600, 60)]
    [InlineData("unshelved to a host whose journal is not given", "0-60", "shelve 59;unshelve 180", 183, 600 - 183, 60 + 420)]
    [InlineData("shelved twice", "0-60;182-300;402-", "shelve 59;unshelve 180;shelve 299;unshelve 400", 403, 600 - 403, 60 + 120 + 200)]
    [InlineData("rebuilt with a large image", "0-60;90-", "rebuild 59", 0, 600, 600)]
    [InlineData("rebuilt long after it was shelved", "0-60;82-200;230-", "shelve 59;unshelve 80;rebuild 199", 83, 600 - 83, 60 + 520)]
    [InlineData("shelved, with its host keeping it", "0-", "shelve 59;unshelve 100", 0, 600, 600)]
    [InlineData("moved to a host whose journal is not given", "0-60", "migrate 40;confirmResize 59", 0, 600, 600)]
    public void A_shelved_server_holds_EPC_until_its_host_gives_it_up_and_again_from_when_it_is_wanted_back(
        string why, string stays, string actions, int launched, int minutes, int held)
    {
        var timeline = Staying(stays);
        var (now, start) = (Launched.AddMinutes(launched), Launched.AddDays(-1));
        var counted = EpcUsage.FindCounted(timeline, start, now, minutes / 60m);
        var absences = ShelvedTime.FindAbsences(timeline, now, counted);

        Assert.True(
            held * Mebibytes / 60m == EpcUsage.SumHeld(timeline, counted, ShelvedTime.FindReleased(absences, ReadActions(actions))), why);
    }

    [Fact]
    public void Only_what_falls_within_the_period_is_taken_off()
    {
        var timeline = Staying("0-60;182-");
        var counted = EpcUsage.FindCounted(timeline, Launched.AddMinutes(120), Launched.AddMinutes(183), 417 / 60m);

        var absences = ShelvedTime.FindAbsences(timeline, Launched.AddMinutes(183), counted);
        var released = ShelvedTime.FindReleased(absences, ReadActions("shelve 59;unshelve 180"));
        Assert.Equal(420 * Mebibytes / 60m, EpcUsage.SumHeld(timeline, counted, released));

        var later = EpcUsage.FindCounted(timeline, Launched.AddMinutes(200), Launched.AddMinutes(183), 1);
        Assert.Empty(ShelvedTime.FindAbsences(timeline, Launched.AddMinutes(183), later));
    }

    [Fact]
    public void A_hard_reboot_and_a_deletion_ask_nothing_of_Nova()
    {
        var timeline = Timeline.Build(
        [
            Record(JournalKind.Defined, 0),
            Record(JournalKind.Removed, 5),
            Record(JournalKind.Defined, 5.05),
            Record(JournalKind.Removed, 100),
        ])[Guid.Empty];

        Assert.Equal(2, timeline.Stays.Count);
        var counted = EpcUsage.FindCounted(timeline, Launched, Launched, 100.5m / 60);
        Assert.Empty(ShelvedTime.FindAbsences(timeline, Launched, counted));
    }

    [Fact]
    public void A_server_is_away_only_when_no_host_has_it()
    {
        var source = Timeline.Build([Record(JournalKind.Defined, 0), Record(JournalKind.Removed, 60)]);
        var target = Timeline.Build([Record(JournalKind.Defined, 50), Record(JournalKind.Removed, 90)]);
        var later = Timeline.Build([Record(JournalKind.Defined, 200)]);

        Assert.Equal(
            [new Period(Minute(0), Minute(90)), new Period(Minute(200), long.MaxValue)],
            Timeline.Merge([later, target, source])[Guid.Empty].Stays);
    }

    private static InstanceTimeline Staying(string stays)
    {
        static Period Read(string[] ends) =>
            new(Minute(int.Parse(ends[0])), ends[1].Length == 0 ? long.MaxValue : Minute(int.Parse(ends[1])));
        var periods = stays.Split(';').Select(stay => Read(stay.Split('-'))).ToList();
        return new InstanceTimeline(Guid.Empty, "p", "f", [new EpcSize(periods[0].Start, Mebibytes)], [], periods);
    }

    // Nova lists the latest action first.
    private static List<ServerAction> ReadActions(string actions) => [.. actions.Split(';')
        .Select(action => action.Split(' '))
        .Select(action => new ServerAction(action[0], "r", Launched.AddMinutes(int.Parse(action[1])).UtcDateTime))
        .Reverse()];

    private static JournalRecord Record(JournalKind kind, double minute)
    {
        var milliseconds = (long)(minute * 60_000);
        var clock = new ClockReading(Guid.Empty, milliseconds, Minute(0) + milliseconds);
        return JournalRecord.At(clock, kind, Guid.Empty, kind == JournalKind.Defined ? Mebibytes : 0);
    }

    private static long Minute(int minute) => Launched.AddMinutes(minute).ToUnixTimeMilliseconds();
}
