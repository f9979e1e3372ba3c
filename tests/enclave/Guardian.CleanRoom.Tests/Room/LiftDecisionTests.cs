using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>
/// A campaign of the usual size: 50,000 persons, 3,162 orders of 40,059 treated against 574 of 9,941. Default noise must not hide an effect
/// of 36.7 %, nor invent one.
/// </summary>
public sealed class LiftDecisionTests
{
    private const int Treated = 40_059;
    private const int Control = 9_941;
    private const int TreatedOrders = 3_162;
    private const int ControlOrders = 574;

    private static readonly RoomContract Contract = TestContract.Read(
        ("max_rows: 4000", "max_rows: 60000"), ("max_rows: 5000", "max_rows: 60000"),
        ("values: [Red, Blue, None]", "values: [Red, None]"), ("shares: equal", "shares: {Red: 0.8, None: 0.2}"),
        ("{name: visit, type: flag}", "{name: orders, type: integer, minimum: 0, maximum: 20}"),
        ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
            "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 1000}"),
        ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.orders, customers.spend]"),
        ("population: matched", "population: assigned"), ("  noise: none\n", "  noise: {epsilon: 0.5}\n"));

    [Fact]
    public void The_default_price_finds_the_effect()
    {
        using var room = new TestRoom(Contract, seed: 7);
        var (campaign, customers) = (new StringBuilder("email,arm,exposed,score\n"), new StringBuilder("mail,region,orders,spend,age\n"));
        var random = new Random(3);
        foreach (var (arm, persons, orders) in new[] { ("Red", Treated, TreatedOrders), ("None", Control, ControlOrders) })
        {
            var counts = Spread(random, persons, orders);
            for (var person = 0; person < persons; person++)
            {
                campaign.Append(CultureInfo.InvariantCulture, $"{arm}{person}@x.org,{arm},0,0\n");
                if (counts[person] > 0)
                {
                    customers.Append(CultureInfo.InvariantCulture,
                        $"{arm}{person}@x.org,North,{counts[person]},{counts[person] * random.Next(1_000, 9_000) / 100.0:F2},30\n");
                }
            }
        }
        // Buyers whom the campaign did not address.
        for (var other = 0; other < 2_000; other++)
        {
            customers.Append(CultureInfo.InvariantCulture, $"other{other}@x.org,North,1,50.00,30\n");
        }
        room.Upload("campaign", campaign.ToString());
        room.Upload("customers", customers.ToString());
        var lift = room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift });
        var comparison = lift.Outcomes[0].Comparisons.Single();
        Assert.Equal(LiftVerdict.Increase, comparison.Verdict);
        Assert.InRange(comparison.Result.RelativeLift!.Value, 0.1, 0.9);
        Assert.True(comparison.Result.RelativeInterval!.Lower < 0.367 && comparison.Result.RelativeInterval.Upper > 0.367);
        // Of the interval, so much is privacy noise; nobody has more than five orders, so a smaller cap costs nothing and buys much.
        Assert.InRange(comparison.Result.NoiseError!.Value / comparison.Result.StandardError, 0.3, 0.95);
    }

    [Theory]
    [InlineData(20, 0.94)]
    [InlineData(10, 0.99)]
    [InlineData(5, 0.999)]
    public void The_effect_is_found_in_nearly_all_experiments_and_a_smaller_cap_finds_more(int cap, double least)
    {
        var (found, covered) = (0, 0);
        const int experiments = 1_000;
        var random = new Random(11);
        var noise = NoiseWith(cap, out var column, 12);
        for (var experiment = 0; experiment < experiments; experiment++)
        {
            // Sampling varies too: orders are a little more scattered than a Poisson number.
            var result = Compare(noise, column, Draw(random, Treated, TreatedOrders), Draw(random, Control, ControlOrders));
            found += result is { PValue: < 0.025, AbsoluteLift: > 0 } ? 1 : 0;
            const double truth = ((double)TreatedOrders / Treated) - ((double)ControlOrders / Control);
            covered += result.AbsoluteInterval.Lower <= truth && truth <= result.AbsoluteInterval.Upper ? 1 : 0;
        }
        Assert.True(found >= least * experiments, $"{found} of {experiments}");
        // 95 % less three deviations.
        Assert.True(covered >= 929, $"{covered} of {experiments}");
    }

    [Theory]
    [InlineData(20)]
    [InlineData(5)]
    public void Without_an_effect_noise_makes_none(int cap)
    {
        const int experiments = 2_000;
        var random = new Random(13);
        var noise = NoiseWith(cap, out var column, 14);
        var found = Enumerable.Range(0, experiments).Count(_ =>
            Compare(noise, column, Draw(random, Treated, TreatedOrders), Draw(random, Control, TreatedOrders * Control / Treated))
                is { PValue: < 0.05 });
        // 5 % and three deviations.
        Assert.True(found <= (0.05 * experiments) + 30, $"{found} of {experiments}");
    }

    [Fact]
    public void A_small_arm_that_varies_more_than_all_others_is_not_judged_by_them()
    {
        // Control varies ten times as much: with little noise its own variance holds, and intervals cover the truth.
        var covered = 0;
        var random = new Random(15);
        var noise = NoiseWith(5, out var column, 16);
        for (var experiment = 0; experiment < 500; experiment++)
        {
            MeasureSums Scattered(int persons)
            {
                // One in fifty orders five times.
                var buyers = Binomial(random, persons, 0.02);
                return new MeasureSums(persons, 5L * buyers, 25L * buyers);
            }
            var result = Compare(noise, column, Steady(random, Treated), Scattered(Control));
            covered += result.AbsoluteInterval.Lower <= 0 && 0 <= result.AbsoluteInterval.Upper ? 1 : 0;
        }
        Assert.True(covered >= 460, $"{covered} of 500");
    }

    [Fact]
    public void Empty_cells_of_an_outcome_that_may_be_negative_count_as_zero_in_its_variance()
    {
        var contract = TestContract.Read(
            ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.spend]"),
            ("minimum: -50, maximum: 10000", "minimum: -50, maximum: 50"), ("    control: None", "    epsilon: 10\n    control: None"),
            ("noise: none", "noise: {epsilon: 1}"));
        var spend = contract.Analyses.Lift!.OutcomeColumn(contract, 0);
        var noise = new LiftNoise(new DisclosureRules(contract.Privacy, new SeededBytes(3)), contract);
        // A million persons, of whom one in ten has exactly 10.00: distance 60.00 from the minimum.
        const int persons = 1_000_000, buyers = 100_000;
        var sums = new MeasureSums(buyers, 6_000L * buyers, (Int128)6_000 * 6_000 * buyers);
        var total = noise.Totals(0, spend, [sums, sums], [new Noised(persons, 0), new Noised(persons, 0)])[0];
        // 0.1 * 0.9 * 10² = 9.
        Assert.Equal(9, total.Variance, 0.05);
        Assert.Equal(1, total.Mean, 0.001);
    }

    private static LiftNoise NoiseWith(int cap, out Column column, int seed)
    {
        var contract = TestContract.Read([
            ("values: [Red, Blue, None]", "values: [Red, None]"), ("shares: equal", "shares: {Red: 0.8, None: 0.2}"),
            ("{name: visit, type: flag}", "{name: orders, type: integer, minimum: 0, maximum: 20}"),
            ("minimum: -50, maximum: 10000", "minimum: 0, maximum: 1000"),
            ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.orders, customers.spend]"),
            ("population: matched", $"population: assigned\n    caps: {{customers.orders: {cap}}}"),
            ("noise: none", "noise: {epsilon: 0.5}")]);
        column = contract.Analyses.Lift!.OutcomeColumn(contract, 0);
        return new LiftNoise(new DisclosureRules(contract.Privacy, new SeededBytes(seed)), contract);
    }

    private static Comparison Compare(LiftNoise noise, Column column, MeasureSums treated, MeasureSums control)
    {
        List<Noised> persons = [noise.Count(Treated, LiftFigure.Persons), noise.Count(Control, LiftFigure.Persons)];
        var totals = noise.Totals(0, column, [treated, control], persons);
        return Comparison.OfMeans(totals[0], totals[1]);
    }

    // Orders of an arm: persons with one, two and three of them.
    private static MeasureSums Draw(Random random, int persons, int orders)
    {
        var mean = (double)orders / persons;
        var (one, two, three) = (
            Binomial(random, persons, 0.75 * mean), Binomial(random, persons, 0.08 * mean), Binomial(random, persons, 0.03 * mean));
        return new MeasureSums(persons, one + (2 * two) + (3 * three), one + (4L * two) + (9L * three));
    }

    // One in ten orders once.
    private static MeasureSums Steady(Random random, int persons)
    {
        var buyers = Binomial(random, persons, 0.1);
        return new MeasureSums(persons, buyers, buyers);
    }

    // By the normal distribution; the numbers here are in the hundreds.
    private static long Binomial(Random random, int trials, double probability)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Math.Max(0, (long)Math.Round((trials * probability) + (normal * Math.Sqrt(trials * probability * (1 - probability)))));
    }

    // Orders of each person, one to three for a buyer, with the given sum.
    private static int[] Spread(Random random, int persons, int orders)
    {
        var counts = new int[persons];
        while (orders > 0)
        {
            var count = Math.Min(orders, random.NextDouble() switch { < 0.05 => 3, < 0.15 => 2, _ => 1 });
            var person = random.Next(persons);
            if (counts[person] == 0)
            {
                counts[person] = count;
                orders -= count;
            }
        }
        return counts;
    }
}
