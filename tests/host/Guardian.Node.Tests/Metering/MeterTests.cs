using FsCheck;
using FsCheck.Fluent;
using Guardian.ComputeHost.Guests;
using Guardian.Metering;
using Guardian.Node.Metering;
using Microsoft.FSharp.Core;

namespace Guardian.Node.Tests.Metering;

public sealed class MeterTests : IDisposable
{
    private static readonly Guid[] Instances =
    [
        Guid.Parse("00000000-0000-0000-0000-00000000000a"),
        Guid.Parse("00000000-0000-0000-0000-00000000000b"),
        Guid.Parse("00000000-0000-0000-0000-00000000000c"),
    ];

    private readonly TemporaryFolder folder = new();
    private long now = 1_000_000;
    private int run;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_the_meter_counts_is_what_guests_ran_second_by_second()
    {
        var step = from what in Gen.Choose(0, 99)
                   from which in Gen.Choose(0, 2)
                   from size in Gen.Choose(1, 64)
                   select new Step(what, Instances[which], size);
        // The seed is fixed. A failure that another seed finds becomes a test of its own.
        var replay = FSharpOption<Replay>.Some(new Replay(new Rnd(1), null));
        Prop.ForAll(Arb.From(Gen.ListOf(step, 120), Shorter), CountsRight)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(30).WithReplay(replay));
    }

    [Fact]
    public void What_is_defined_as_before_leaves_no_record_and_shows_not_that_others_still_ran() => CountsRight(
    [
        new Step(53, Instances[1], 3),
        new Step(67, Instances[1], 38),
        new Step(60, Instances[2], 58),
        new Step(0, Instances[1], 8),
        new Step(56, Instances[2], 58),
        new Step(98, Instances[1], 24),
    ]);

    [Fact]
    public void A_second_meter_is_kept_out()
    {
        using var first = Open(folder.File("journal"));

        Assert.Throws<IOException>(() => Open(folder.File("journal")));
    }

    [Fact]
    public void A_guest_without_EPC_leaves_no_trace()
    {
        var path = folder.File("journal");
        using (var meter = Open(path))
        {
            meter.RecordDefined(new MeteredGuest(Instances[0], 0, "p", "f"));
            meter.RecordStarted(Instances[0]);
            meter.RecordStopped(Instances[0]);
            meter.RecordRemoved(Instances[0]);
        }

        Assert.Empty(File.ReadAllBytes(path));
    }

    [Fact]
    public void By_Nova_s_rule_a_stopped_server_counts_and_a_resize_counts_from_when_it_was_made()
    {
        var path = folder.File("journal");
        var launched = DateTimeOffset.FromUnixTimeMilliseconds(1_700_001_000_000);
        using (var meter = Open(path))
        {
            meter.RecordDefined(new MeteredGuest(Instances[0], 8, "p", "sgx.8m"));
            meter.RecordStarted(Instances[0]);
            now += 3_600_000;
            meter.RecordStopped(Instances[0]);
            meter.RecordRemoved(Instances[0]);
            meter.RecordDefined(new MeteredGuest(Instances[0], 16, "p", "sgx.16m"));
            now += 1_800_000;
            meter.RecordStarted(Instances[0]);
            now += 1_800_000;
            meter.Reconcile(Clock(), [new GuestProcess(Instances[0], 1, 16, now - 1_800_000)]);
        }
        var timeline = Timeline.Build(Journal.Read(path, DateTimeOffset.MinValue))[Instances[0]];

        Assert.Equal(8 + 16, Held(timeline, launched.AddDays(-1), launched, 2));
        // A resize restarts Nova's count at a new launch.
        Assert.Equal(8 + 16, Held(timeline, launched.AddDays(-1), launched.AddHours(1), 1));
        Assert.Equal(4 + 16, Held(timeline, launched.AddMinutes(30), launched, 1.5m));
        Assert.Equal(8 + 8, EpcUsage.SumRunning(timeline, launched.AddHours(-1), launched.AddHours(9)));
    }

    [Fact]
    public void Guests_of_before_the_meter_s_first_start_are_found_with_when_they_started()
    {
        var path = folder.File("journal");
        using (var meter = Open(path))
        {
            meter.Reconcile(Clock(), [new GuestProcess(Instances[1], 7, 32, now - 7_200_000 / 10)]);
        }
        var timeline = Timeline.Build(Journal.Read(path, DateTimeOffset.MinValue))[Instances[1]];

        Assert.Equal([new EpcInterval(now - 720_000 + 1_700_000_000_000, now + 1_700_000_000_000, 32)], timeline.Running);
    }

    [Fact]
    public void What_is_gone_is_shown_no_more()
    {
        using var meter = Open(folder.File("journal"));
        meter.RecordDefined(new MeteredGuest(Instances[0], 8, "p", "f"));
        meter.RecordDefined(new MeteredGuest(Instances[1], 8, "p", "f"));
        meter.Reconcile(Clock(), [new GuestProcess(Instances[2], 7, 32, now)]);
        Assert.Equal(3, meter.ListGuests().Count);

        now += 5_000;
        meter.Reconcile(Clock(), []);
        meter.RemoveUndefined(new HashSet<Guid> { Instances[1] });

        Assert.Equal([Instances[1]], meter.ListGuests().Select(guest => guest.Instance));
    }

    // Nova takes the definition of a running guest away while it copies its disk (_live_snapshot, _swap_volume), and defines it as before.
    [Fact]
    public void A_server_whose_disk_was_copied_while_it_ran_is_shown_until_it_is_gone()
    {
        var path = folder.File("journal");
        using (var meter = Open(path))
        {
            meter.RecordDefined(new MeteredGuest(Instances[0], 8, "p", "f"));
            meter.RecordStarted(Instances[0]);
            now += 3_600_000;
            meter.RecordRemoved(Instances[0]);
            now += 120_000;
            meter.RecordDefined(new MeteredGuest(Instances[0], 8, "p", "f"));
            now += 3_600_000;
            meter.RecordStopped(Instances[0]);
            meter.RecordRemoved(Instances[0]);
        }

        var stay = Assert.Single(Timeline.Build(Journal.Read(path, DateTimeOffset.MinValue))[Instances[0]].Stays);
        Assert.Equal(7_320_000, stay.End - stay.Start);
    }

    // As earlier releases wrote it.
    [Fact]
    public void A_journal_says_of_such_a_server_that_it_stayed()
    {
        var boot = Guid.NewGuid();
        JournalRecord Record(JournalKind kind, int minute) => new(kind, boot, minute * 60_000, minute * 60_000, Instances[0], 8);
        var stays = Timeline.Build(
        [
            Record(JournalKind.Defined, 0), Record(JournalKind.Started, 0), Record(JournalKind.Removed, 60),
            Record(JournalKind.Stopped, 90), Record(JournalKind.Removed, 90),
        ])[Instances[0]].Stays;

        Assert.Equal([new Period(0, 5_400_000)], stays);
    }

    private void CountsRight(IReadOnlyList<Step> steps)
    {
        using var host = new SimulatedHost(folder.File($"journal-{++run}"));
        host.StartMeter();
        foreach (var step in steps)
        {
            Apply(host, step.What, step.Instance, step.Size);
        }
        host.Scan();
        var counted = Timeline.Build(host.Records).ToDictionary(timeline => timeline.Key, timeline => timeline.Value);
        foreach (var instance in Instances)
        {
            var due = host.Due.Where(part => part.Key.Instance == instance).ToList();
            Assert.Equal(due.Sum(part => part.Value), Running(counted, instance, long.MinValue, long.MaxValue));
            // A window that begins and ends in the middle.
            if (due.Count > 2)
            {
                var (from, to) = (due[due.Count / 3].Key.Second, due[due.Count * 2 / 3].Key.Second);
                Assert.Equal(
                    due.Where(part => part.Key.Second >= from && part.Key.Second < to).Sum(part => part.Value),
                    Running(counted, instance, from * 1000, to * 1000));
            }
        }
    }

    // All lists that miss one part: a half, a quarter, and so on down to one step.
    private static IEnumerable<List<Step>> Shorter(List<Step> steps)
    {
        for (var size = steps.Count / 2; size > 0; size /= 2)
        {
            for (var start = 0; start + size <= steps.Count; start += size)
            {
                yield return [.. steps[..start], .. steps[(start + size)..]];
            }
        }
    }

    private static void Apply(SimulatedHost host, int what, Guid instance, int size)
    {
        switch (what)
        {
            case < 40:
                host.Second();
                break;
            case < 50:
                host.Scan();
                break;
            case < 62:
                host.Define(instance, size);
                break;
            case < 76:
                host.Start(instance, isEventLost: what % 3 == 0);
                break;
            case < 86:
                host.Stop(instance, isEventLost: what % 3 == 0);
                break;
            case < 90:
                host.KillMeter(tornLine: what % 2 == 0);
                break;
            case < 95:
                host.StartMeter();
                break;
            case < 98:
                host.SetClock((size - 32) * 17_000L);
                break;
            default:
                host.Reboot();
                host.StartMeter();
                break;
        }
    }

    private static long Running(Dictionary<Guid, InstanceTimeline> counted, Guid instance, long from, long to) =>
        counted.GetValueOrDefault(instance)?.Running
            .Sum(interval => Math.Max(0, Math.Min(interval.End, to) - Math.Max(interval.Start, from)) * interval.Mebibytes) ?? 0;

    private static decimal Held(InstanceTimeline timeline, DateTimeOffset start, DateTimeOffset launched, decimal hours) =>
        EpcUsage.SumHeld(timeline, EpcUsage.FindCounted(timeline, start, launched, hours), []);

    private Meter Open(string path) => new(path, Clock, message => Assert.Fail(message));

    private ClockReading Clock() => new(Guid.Empty, now, now + 1_700_000_000_000);

    private readonly record struct Step(int What, Guid Instance, int Size);
}
