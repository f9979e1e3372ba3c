using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>Looking again and again: at growing data until an effect appears by chance, and at the same data until noise averages out.
/// </summary>
public sealed class LookAttackTests
{
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };

    // Experiments without any effect, looked at after every 100 persons of each arm, up to 5,000. A look finds an effect when its interval
    // leaves out zero.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Looking_until_an_effect_appears_works_only_with_intervals_for_one_look(bool withNoise)
    {
        var random = new Random(7);
        const int experiments = 300;
        const int looks = 50;
        const double inSum = 900;
        var design = new LookDesign(6_000, looks);
        var (once, always) = (0, 0);
        for (var experiment = 0; experiment < experiments; experiment++)
        {
            var (sums, squares) = (new double[2], new double[2]);
            var (isFoundOnce, isFoundAlways) = (false, false);
            for (var look = 1; look <= looks; look++)
            {
                for (var person = 0; person < 200; person++)
                {
                    var value = -Math.Log(1 - random.NextDouble());
                    sums[person % 2] += value;
                    squares[person % 2] += value * value;
                }
                // Noise is new at every look.
                double Laplace() => withNoise
                    ? Math.Sqrt(inSum / 2) * (random.Next(2) == 0 ? 1 : -1) * -Math.Log(1 - random.NextDouble())
                    : 0;
                var arms = Enumerable.Range(0, 2).Select(
                    arm => new ArmTotal(100 * look, sums[arm] + Laplace(), squares[arm], 0, withNoise ? inSum : 0)).ToList();
                var result = Comparison.OfMeans(arms[0], arms[1]);
                var half = AlwaysValid.HalfWidth(
                    Math.Pow(result.StandardError, 2) - result.PureNoise, result.PureNoise, 200 * look, design, 0.05);
                isFoundOnce |= result.AbsoluteInterval.Lower > 0 || result.AbsoluteInterval.Upper < 0;
                isFoundAlways |= Math.Abs(result.AbsoluteLift) > half;
            }
            once += isFoundOnce ? 1 : 0;
            always += isFoundAlways ? 1 : 0;
        }
        Assert.InRange(once / (double)experiments, 0.2, 1);
        Assert.InRange(always / (double)experiments, 0, 0.05);
    }

    [Fact]
    public void Hillstroms_experiment_has_the_known_interval_at_every_look()
    {
        // References by numpy and scipy from the closed form of the mixture, with 64,000 persons expected.
        using var room = HillstromRoom.Open(("population: matched", "population: matched\n    looks: {persons: 64000}"));
        var lift = room.Ask<LiftResult>(Lift);
        var spend = HillstromRoom.Find(lift, "customers.spend", "Mens E-Mail");
        Assert.Equal(0.7698271558945367 - 0.44088641573363724, spend.AlwaysValid!.Interval.Lower, 1e-7);
        Assert.Equal(0.7698271558945367 + 0.44088641573363724, spend.AlwaysValid.Interval.Upper, 1e-7);
        Assert.Equal(1, spend.AlwaysValid.PValue / 1.0454082637490497e-05, 1e-5);
        Assert.Equal(LiftVerdict.Increase, spend.Verdict);
        // One look would be surer of itself.
        Assert.True(spend.Result.PValue < spend.AlwaysValid.PValue);
        var segments = room.Ask<SegmentedLiftResult>(Lift with { By = ["customers.region"] });
        Assert.All(segments.Segments.SelectMany(segment => segment.Lift!.Outcomes[1].Comparisons), comparison => Assert.True(
            comparison.Simultaneous!.Absolute.Upper > comparison.AlwaysValid!.Interval.Upper));
    }

    [Fact]
    public void Every_look_at_new_data_is_charged_and_a_look_at_nearly_the_same_data_tells_nothing()
    {
        var rows = HillstromRows.Read();
        (string, string)[] changes =
            [("population: matched", "population: matched\n    looks: {persons: 64000}"),
                ("noise: none", "noise: {epsilon: 0.5}\n  budget: 12")];
        using var room = HillstromRoom.OpenWith(rows.Take(6_000), changes);
        decimal Spent() => room.Service.Questions.ReadBudget().DataSets[0].Spent;
        Assert.IsType<LiftResult>(room.Ask(Lift).Body);
        Assert.IsType<LiftResult>(room.Ask(Lift).Body);
        Assert.Equal(3m, Spent());
        // Nearly the same persons again: a look for free would average the noise away.
        HillstromRoom.Upload(room, [.. rows.Take(6_003)]);
        Assert.Equal("below-minimum-audience", room.Refusal(Lift));
        Assert.Equal(6m, Spent());
        HillstromRoom.Upload(room, [.. rows.Take(12_000)]);
        var lift = room.Ask<LiftResult>(Lift);
        Assert.Equal(9m, Spent());
        Assert.All(lift.Outcomes.SelectMany(outcome => outcome.Comparisons), comparison => Assert.True(
            comparison.AlwaysValid!.Interval.Upper > comparison.Result.AbsoluteInterval.Upper));
    }
}
