using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Tests.Privacy;

public class LogicalRelationTests
{
    private const uint Regions = 4;
    private const uint Ages = 120;

    [Fact]
    public void A_total_follows_from_its_parts_unless_somebody_may_have_no_value()
    {
        var parts = Enumerable.Range(1, 4).Select(region => Of(Region((uint)region))).ToList();
        Assert.True(Holds(["region"], [Of(null), .. parts]));
        Assert.False(Holds([], [Of(null), .. parts]));
        Assert.True(Holds([], [Of(Region(1, 2, 3, 4)), .. parts]));
        Assert.False(Holds(["region"], [Of(null), .. parts.Take(3)]));
    }

    [Fact]
    public void Unions_and_intersections_follow_and_trackers_do_not()
    {
        var (north, old) = (Region(1), Age(60, 120));
        Assert.True(Holds([], [Of(new CodeAny([north, old])), Of(north), Of(old), Of(new CodeAll([north, old]))]));
        Assert.True(Holds([], [Of(new CodeAll([north, old])), Of(north), Of(old), Of(new CodeAny([north, old]))]));
        // t+a, t+b and a+b have an empty exclusive or, and tell t; a plain test for "empty by logic" would let them pass.
        Assert.False(Holds(["region"], [Of(Region(1, 2)), Of(Region(1, 3)), Of(Region(2, 3))]));
        Assert.False(Holds(["age"], [Of(Block(1, 2, 3)), Of(Block(4, 5)), Of(Block(2, 4)), Of(Block(3, 5))]));
        // Factors other than one are found too: 2 3 = (1 2) + (1 3) - 2 (1).
        Assert.True(Holds(["age"], [Of(Block(2, 3)), Of(Block(1, 2)), Of(Block(1, 3)), Of(Block(1))]));
    }

    [Fact]
    public void Data_sets_and_versions_count()
    {
        Assert.True(Holds([], [Of(null, "a=1", "b=1"), Of(null, "b=1", "a=1")]));
        Assert.False(Holds([], [Of(null, "a=1", "b=1"), Of(null, "a=1", "b=2")]));
        Assert.False(Holds([], [Of(null, "a=1", "b=1"), Of(null, "a=1", "b=1", "c=1")]));
    }

    [Fact]
    public void A_large_table_and_its_total_are_within_the_bound_of_work_and_what_is_not_counts_as_none()
    {
        List<SetTerms> cells =
        [
            .. from region in Enumerable.Range(1, 4) from age in Enumerable.Range(1, 120)
               select Of(new CodeAll([Region((uint)region), Age((uint)age, (uint)age)])),
        ];
        Assert.True(Holds(["region", "age"], [Of(null), .. cells]));
        // Fifty columns without any relation: two to the power of fifty classes.
        var many = Enumerable.Range(0, 50).Select(column => Of([$"c{column}"], Column(0, 1, 1))).ToList();
        Assert.False(Holds([], [.. many, .. many.Take(1)]));
    }

    private static bool Holds(string[] complete, List<SetTerms> sets) => LogicalRelation.Holds(sets, complete.ToHashSet());

    private static CodeRanges Region(params uint[] codes) => new(0, [.. codes.Select(code => (code, code))]);

    private static CodeRanges Block(params uint[] codes) => new(1, [.. codes.Select(code => (code, code))]);

    private static CodeRanges Age(uint first, uint last) => Column(1, first, last);

    private static CodeRanges Column(int column, uint first, uint last) => new(column, [(first, last)]);

    private static SetTerms Of(CodeCondition? condition, params string[] dataSets) => new(
        dataSets.Length == 0 ? ["a=1", "b=1"] : dataSets, [new TermColumn("region", Regions), new TermColumn("age", Ages)], condition);

    private static SetTerms Of(string[] columns, CodeCondition condition) =>
        new(["a=1"], [.. columns.Select(name => new TermColumn(name, 9))], condition);
}
