using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>
/// Ratios of two outcomes, and covariates of clusters, on Hillstrom's experiment: the value of an order is spend over conversions. The
/// references are by the delta method with numpy, and by statsmodels 0.13.5: weighted least squares of spend per conversion, and least
/// squares of spend less theta times history, with clusters.
/// </summary>
public sealed class RatioTests
{
    private const string Score = "{name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}";
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };
    private static readonly (string, string) Outcomes = (
        "outcomes: [customers.visit, customers.spend]",
        "outcomes: [customers.conversion, customers.spend]\n    ratios: {order value: customers.spend / customers.conversion}");

    private static readonly (string, string) Shops = (Score, "{name: score, type: integer, minimum: 0, maximum: 149, filter: true}");

    [Fact]
    public void The_value_of_an_order_has_the_known_error()
    {
        using var room = HillstromRoom.Open(Outcomes);
        var lift = room.Ask<LiftResult>(Lift);
        var value = lift.Outcomes[2];
        Assert.Equal(("order value", "customers.conversion", false), (value.Column, value.Per, value.IsRate));
        Assert.Equal(114.00270491803279, value.Totals.Single(total => total.Arm == "No E-Mail").Mean, 1e-9);
        var mens = HillstromRoom.Find(lift, "order value", "Mens E-Mail");
        Near((-0.47577607908147, 11.525843270138953, 0.9670734194018802), mens.Result);
        Assert.Equal(-0.00417337535476503, mens.Result.RelativeLift!.Value, 1e-9);
        Assert.Equal(-0.20179180522518375, mens.Result.RelativeInterval!.Lower, 1e-8);
        Assert.Equal(0.1934450545156537, mens.Result.RelativeInterval.Upper, 1e-8);
        Assert.Equal(-127.0322131147525, mens.Result.Incremental, 1e-7);
        Near((7.892056986729116, 12.04924015721394, 0.5124781906698281), HillstromRoom.Find(lift, "order value", "Womens E-Mail").Result);
        Near((2.9924705205636855, 10.602403133454516, 0.7777559989535017), HillstromRoom.Find(lift, "order value", "any treatment").Result);
        Assert.All(value.Comparisons, comparison => Assert.Equal(LiftVerdict.NotShown, comparison.Verdict));
    }

    [Fact]
    public void The_error_of_a_ratio_counts_clusters()
    {
        using var room = HillstromRoom.OpenWith(HillstromRows.Read().Take(12_000), Outcomes, Shops, Clustered(""));
        Near((-5.595000000000013, 20.912106258172724, 0.7892314342687187),
            HillstromRoom.Find(room.Ask<LiftResult>(Lift), "order value", "Mens E-Mail").Result);
    }

    [Fact]
    public void A_covariate_narrows_the_error_of_clusters()
    {
        using var room = HillstromRoom.OpenWith(
            HillstromRows.Read().Take(9_000), Shops, Clustered("\n    covariate: customers.history"));
        var lift = room.Ask<LiftResult>(Lift);
        var spend = HillstromRoom.Find(lift, "customers.spend", "Mens E-Mail").Cuped!;
        Assert.Equal(0.0006349694658026949, spend.Theta, 1e-12);
        Near((0.31752552829907255, 0.27766391323414036, 0.25372061748807473), spend.Result);
        var visit = HillstromRoom.Find(lift, "customers.visit", "Mens E-Mail").Cuped!;
        Near((0.06711297543224541, 0.008701002894621133, 1.8388345123478718e-13), visit.Result);
        Assert.Equal(1 - Math.Pow(0.27766391323414036 / 0.2776967912012261, 2), spend.VarianceReduction, 1e-8);
    }

    [Fact]
    public void Noise_widens_ratios_and_the_parts_of_all_figures_make_up_the_price()
    {
        foreach (var clusters in new[] { false, true })
        {
            (string, string)[] changes = clusters
                ? [Outcomes, Shops, Clustered("\n    covariate: customers.history"), ("noise: none", "noise: {epsilon: 0.5}")]
                : [Outcomes, ("noise: none", "noise: {epsilon: 0.5}")];
            using var room = HillstromRoom.Open(changes);
            var found = HillstromRoom.Find(room.Ask<LiftResult>(Lift), "order value", "any treatment").Result;
            Assert.InRange(found.NoiseError!.Value, 1e-9, found.StandardError);
            Assert.True(found.StandardError > 10.6);
            var shares = LiftShares.Of(room.Contract)!;
            Assert.InRange(shares.Parts.Values.Sum(), 2.999m, 3m);
            Assert.Equal(!clusters, shares.Parts.ContainsKey((LiftFigure.RatioProduct, 0)));
            Assert.Equal(clusters, shares.Parts.ContainsKey((LiftFigure.ClusterCovariate, 0)));
            Assert.Equal(3m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
        }
    }

    [Fact]
    public void Noise_in_the_figures_of_a_ratio_is_counted_in_its_error()
    {
        // Three ratios of 600 persons each, with Laplace noise in both sums and in the products: the error covers what is seen.
        var random = new Random(11);
        double Laplace(double variance) =>
            Math.Sqrt(variance / 2) * (random.Next(2) == 0 ? 1 : -1) * -Math.Log(1 - random.NextDouble());
        var (covered, all) = (0, 2_000);
        for (var round = 0; round < all; round++)
        {
            RatioTotal Arm()
            {
                var (n, d, nn, dd, nd) = (0.0, 0.0, 0.0, 0.0, 0.0);
                for (var person = 0; person < 600; person++)
                {
                    double orders = random.Next(4);
                    var money = Enumerable.Range(0, (int)orders).Sum(_ => 10 + (20 * random.NextDouble()));
                    (n, d, nn, dd, nd) = (n + money, d + orders, nn + (money * money), dd + (orders * orders), nd + (money * orders));
                }
                const double inSum = 40_000, inCount = 20, inProduct = 100_000;
                return new RatioTotal(
                    new ArmTotal(600, n + Laplace(inSum), nn, 0, inSum), new ArmTotal(600, d + Laplace(inCount), dd, 0, inCount),
                    nd + Laplace(inProduct), inProduct);
            }
            var interval = RatioTotal.Compare(Arm(), Arm()).AbsoluteInterval;
            covered += interval.Lower <= 0 && interval.Upper >= 0 ? 1 : 0;
        }
        Assert.InRange(covered / (double)all, 0.94, 1);
    }

    [Theory]
    [InlineData("{r: customers.spend / customers.age}")]
    [InlineData("{r: customers.spend}")]
    [InlineData("{r: customers.spend / customers.spend}")]
    [InlineData("{r: customers.visit / customers.spend / customers.spend}")]
    [InlineData("{a.b: customers.visit / customers.visit}")]
    // Its minimum is -50.
    [InlineData("{r: customers.spend / customers.visit}")]
    public void Ratios_that_mean_nothing_are_refused(string ratios)
    {
        var problems = new DocumentProblems();
        ContractReader.Read(
            System.Text.Encoding.UTF8.GetBytes(TestContract.Change(
                ("    population: matched", $"    population: matched\n    ratios: {ratios}"))),
            problems);
        Assert.NotEmpty(problems.Items);
    }

    private static (string, string) Clustered(string more) => (
        "population: matched", $"population: matched\n    cluster: campaign.score{more}");

    private static void Near((double Lift, double Error, double P) expected, Comparison found)
    {
        Assert.Equal(expected.Lift, found.AbsoluteLift, 1e-9);
        Assert.Equal(expected.Error, found.StandardError, 1e-8);
        Assert.Equal(1, found.PValue!.Value / expected.P, 1e-6);
    }
}
