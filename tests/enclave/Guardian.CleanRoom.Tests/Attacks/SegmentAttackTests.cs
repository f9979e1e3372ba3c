using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>Attacks that divide the persons of a lift measurement so that a segment is about one person, or so that one is left over.
/// </summary>
public sealed class SegmentAttackTests
{
    private const int K = 20;
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };
    private static readonly Question ByRegion = Lift with { By = ["customers.region"] };

    [Fact]
    public void The_whole_less_its_segments_shows_a_small_segment_only_where_segments_are_judged_one_by_one()
    {
        // The target is the only person of the East with the treatment.
        var rows = Rows(east: (1, 3));
        Assert.Equal(777, Subtract(NaiveWhole(rows), NaiveSegments(rows, perArm: true)));
        using var room = Open(rows);
        Assert.Null(Subtract(room.Ask<LiftResult>(Lift), Segments(room)));
        // In the other order, the measurement that the contract promises is still answered, and tells no more.
        using var other = Open(rows);
        var segments = Segments(other);
        Assert.Null(Subtract(other.Ask<LiftResult>(Lift), segments));
        // Segments and groups by a condition are not to be combined either.
        using var mixed = Open(rows);
        Assert.IsType<LiftResult>(mixed.Ask(Lift).Body);
        var shown = Segments(mixed).Where(segment => segment.Lift is not null).Select(segment => segment.Value).ToList();
        Assert.All(new[] { "North", "South" }.Except(shown), region => Assert.Equal("below-minimum-audience", mixed.Refusal(Lift with
        {
            Where = [new Guardian.CleanRoom.Contract.Predicate("customers.region", "=", [region])],
        })));
    }

    [Fact]
    public void A_large_segment_with_one_person_in_an_arm_is_shown_only_where_the_arms_do_not_count()
    {
        var rows = Rows(east: (1, 400));
        Assert.Equal(777, TreatedSum(NaiveSegments(rows, perArm: false).Single(segment => segment.Value == "East").Lift!));
        using var room = Open(rows);
        Assert.Null(Segments(room).Single(segment => segment.Value == "East").Lift);
    }

    [Fact]
    public void A_person_without_a_segment_is_not_the_difference_of_the_whole_and_all_segments()
    {
        var rows = Rows(east: (0, 0)).Append(("", "Red", 777)).ToList();
        Assert.Equal(777, Subtract(NaiveWhole(rows), NaiveSegments(rows, perArm: true)));
        using var room = Open(rows);
        Assert.Null(Subtract(room.Ask<LiftResult>(Lift), Segments(room)));
    }

    private static double? Subtract(LiftResult whole, IReadOnlyList<LiftSegment> segments)
    {
        var shown = segments.Where(segment => segment.Lift is not null).ToList();
        return shown.Count < 2 ? null : TreatedSum(whole) - shown.Sum(segment => TreatedSum(segment.Lift!));
    }

    private static double TreatedSum(LiftResult lift) => lift.Outcomes[0].Totals.Single(total => total.Arm == "Red").Sum;

    private static IReadOnlyList<LiftSegment> Segments(TestRoom room) => room.Ask(ByRegion).Body switch
    {
        SegmentedLiftResult lift => lift.Segments,
        _ => [],
    };

    // 300 persons of each arm in the North and as many in the South, who spent 5 each; the East's treated persons spent 777.
    private static List<(string Region, string Arm, int Spend)> Rows((int Treated, int Control) east) =>
    [
        .. Enumerable.Range(0, 1_200).Select(i => (i % 2 == 0 ? "North" : "South", i % 4 < 2 ? "Red" : "None", 5)),
        .. Enumerable.Range(0, east.Treated).Select(_ => ("East", "Red", 777)),
        .. Enumerable.Range(0, east.Control).Select(_ => ("East", "None", 5)),
    ];

    // A room that tests the size of each segment, or of each of its arms, and nothing else.
    private static List<LiftSegment> NaiveSegments(List<(string Region, string Arm, int Spend)> rows, bool perArm) =>
        [.. new[] { "North", "South", "East" }.Select(region =>
        {
            var persons = rows.Where(row => row.Region == region).ToList();
            var least = perArm ? new[] { "Red", "None" }.Min(arm => persons.Count(row => row.Arm == arm)) : persons.Count;
            return new LiftSegment(region, least < K ? null : NaiveWhole(persons));
        })];

    private static LiftResult NaiveWhole(List<(string Region, string Arm, int Spend)> rows) => new(
        "", "None", Guardian.CleanRoom.Contract.LiftPopulation.Matched, rows.Count, [], new(0, 1, 1, false), default, null, null,
        [
            new LiftOutcome("customers.spend", false, [.. new[] { "Red", "None" }.Select(arm =>
                new LiftTotal(arm, rows.Where(row => row.Arm == arm).Sum(row => row.Spend), 0))], []),
        ]);

    private static TestRoom Open(List<(string Region, string Arm, int Spend)> rows)
    {
        var room = new TestRoom(
            ("values: [Red, Blue, None]", "values: [Red, None]"), ("outcomes: [customers.visit, customers.spend]",
                "outcomes: [customers.spend]"), ("minimum: -50", "minimum: 0"));
        room.Upload("campaign", "email,arm,exposed,score\n"
            + string.Concat(rows.Select((row, i) => $"p{i}@example.com,{row.Arm},1,1\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"a{i}@example.com,None,1,1\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n"
            + string.Concat(rows.Select((row, i) => $"p{i}@example.com,{row.Region},1,{row.Spend},30\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"b{i}@example.com,North,1,5,30\n")));
        return room;
    }
}
