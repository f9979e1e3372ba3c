using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Tests;

/// <summary>The return on a campaign's cost, from the figures of a report.</summary>
public sealed class LiftMoneyTests
{
    private static readonly CampaignCosts Costs = new(
        new Dictionary<string, double> { ["A"] = 2_000, ["B"] = 9_000 }, "EUR", "customers.spend", 0.5);

    [Fact]
    public void Revenue_per_unit_of_cost_and_its_interval_follow_from_the_effect_and_the_persons()
    {
        var returns = LiftMoney.Of(Lift(LiftVerdict.Increase), Costs);
        // A: 10,000 persons, 0.80 each (0.50 to 1.10); half of it counts.
        Assert.Equal(
            new ReturnOnCost("A", 2_000, 8_000, new Interval(5_000, 11_000), 2, new Interval(1.25, 2.75), true), returns[0] with
            {
                IncrementalInterval = Rounded(returns[0].IncrementalInterval),
                ReturnInterval = Rounded(returns[0].ReturnInterval),
                IncrementalRevenue = Math.Round(returns[0].IncrementalRevenue, 6),
                Return = Math.Round(returns[0].Return, 6),
            });
        // B costs more than it brings; both together have no clear end.
        Assert.False(returns[1].PaysOff);
        Assert.Equal((11_000.0, null), (returns[2].Cost, returns[2].PaysOff));
        Assert.Equal(
            "A: 8,000 EUR more revenue than without the campaign (95 %: 5,000 to 11,000) for 2,000 EUR: "
            + "2.00 per EUR spent (95 %: 1.25 to 2.75), "
            + "at a margin of 50 %; it pays off",
            LiftMoney.Describe(returns[0], Costs));
    }

    [Fact]
    public void An_experiment_that_went_wrong_pays_neither_off_nor_not()
    {
        Assert.All(LiftMoney.Of(Lift(LiftVerdict.Withheld), Costs), each => Assert.Null(each.PaysOff));
    }

    [Fact]
    public void An_arm_without_a_cost_has_no_return_and_neither_have_all_arms_together()
    {
        var returns = LiftMoney.Of(
            Lift(LiftVerdict.Increase), Costs with { ByArm = new Dictionary<string, double> { ["A"] = 2_000 } });
        Assert.Equal("A", Assert.Single(returns).Treatment);
    }

    private static Interval Rounded(Interval interval) => new(Math.Round(interval.Lower, 6), Math.Round(interval.Upper, 6));

    private static LiftResult Lift(LiftVerdict verdict)
    {
        LiftComparison Compare(string name, double lower, double upper, long persons) => new(
            name,
            new Comparison((lower + upper) / 2, 0.1, new Interval(lower, upper), 3, 0.01, 0.1, null, (lower + upper) / 2 * persons),
            verdict, 0.01);
        return new LiftResult(
            "campaign.arm", "None", LiftPopulation.Matched, 30_000,
            [
                new LiftArm("A", 10_000, false, 0.25), new LiftArm("B", 10_000, false, 0.25), new LiftArm("None", 20_000, true, 0.5),
            ],
            new SampleRatio(0, 2, 1, false), MultipleTesting.Holm, null, null,
            [
                new LiftOutcome("customers.spend", false, [], [
                    Compare("A", 0.5, 1.1, 10_000), Compare("B", 0.2, 1.2, 10_000), Compare("any treatment", 0.4, 1.2, 20_000)]),
            ]);
    }
}
