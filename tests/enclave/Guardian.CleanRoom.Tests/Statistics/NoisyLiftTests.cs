using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Statistics;

/// <summary>Lift with noise, over many experiments of known effect: intervals must cover it as often as they promise.</summary>
public class NoisyLiftTests
{
    private const int Persons = 20_000;
    private const int Experiments = 250;
    private const double Effect = 0.8;

    private static readonly RoomContract Contract = TestContract.Read(
        ("places: 2, minimum: -50, maximum: 10000", "places: 2, minimum: 0, maximum: 100"),
        ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.spend]"),
        ("population: matched", "population: matched\n    covariate: customers.age"), ("noise: none", "noise: {epsilon: 1}"));

    private static readonly Column Spend = Contract.FindDataSet("customers")!.FindColumn("spend")!;
    private static readonly Column Age = Contract.FindDataSet("customers")!.FindColumn("age")!;

    [Fact]
    public void Cuped_with_noise_covers_the_effect_and_narrows_where_the_covariate_explains_much()
    {
        var compared = Run(age => age / 2.0);
        Assert.True(compared.Count(each => Covers(each.Plain)) >= 0.92 * Experiments);
        Assert.All(compared, each => Assert.NotNull(each.Cuped));
        Assert.True(compared.Count(each => Covers(each.Cuped!.Result)) >= 0.92 * Experiments);
        // Age explains nine tenths of the variance; noise hides some of it.
        Assert.InRange(compared.Average(each => each.Cuped!.Result.StandardError / each.Plain.StandardError), 0.3, 0.7);
        Assert.InRange(compared.Average(each => each.Cuped!.Theta), 0.3, 0.5);
        // Unbiased: the mean of all experiments is the effect.
        var error = Math.Sqrt(compared.Average(each => Math.Pow(each.Cuped!.Result.AbsoluteLift - Effect, 2)) / Experiments);
        Assert.Equal(Effect, compared.Average(each => each.Cuped!.Result.AbsoluteLift), 4 * error);
        Assert.True(compared.All(each => each.Cuped!.VarianceReduction is > 0 and < 0.95));
    }

    [Fact]
    public void Cuped_with_noise_never_widens_where_the_covariate_explains_nothing()
    {
        var compared = Run(_ => 30);
        // CUPED is mostly left out. If noise looks like covariance, theta stays small.
        Assert.True(compared.Count(each => each.Cuped is null) > Experiments / 2);
        var used = compared.Where(each => each.Cuped is not null).ToList();
        Assert.All(used, each => Assert.True(each.Cuped!.Result.StandardError <= 1.01 * each.Plain.StandardError));
        Assert.True(compared.Count(each => Covers(each.Cuped?.Result ?? each.Plain)) >= 0.92 * Experiments);
    }

    [Fact]
    public void A_person_is_in_as_many_figures_as_the_noise_is_for()
    {
        int Figures(params (string, string)[] changes) =>
            LiftShares.Of(TestContract.Read([.. changes, ("noise: none", "noise: {epsilon: 1}")]))!.Parts.Count;
        // One arm; visits; spends, their squares and, because they begin below zero, their number.
        Assert.Equal(5, Figures());
        Assert.Equal(6, Figures(("population: matched", "population: matched\n    exposure: campaign.exposed")));
        Assert.Equal(6, Figures(("population: matched", "population: assigned")));
        // Ages and their squares; ages times visits; ages times spends, and ages of persons with spends.
        Assert.Equal(10, Figures(("population: matched", "population: matched\n    covariate: customers.age")));
    }

    private static bool Covers(Comparison result) => result.AbsoluteInterval.Lower <= Effect && Effect <= result.AbsoluteInterval.Upper;

    private static List<(Comparison Plain, CupedComparison? Cuped)> Run(Func<int, double> explained)
    {
        var random = new Random(12);
        var noise = new LiftNoise(new DisclosureRules(Contract.Privacy, new SeededBytes(12)), Contract);
        return [.. Enumerable.Range(0, Experiments).Select(_ =>
        {
            var (treatedSums, controlSums) = (Arm(random, explained, Effect), Arm(random, explained, 0));
            List<Noised> persons = [noise.Count(Persons, LiftFigure.Persons), noise.Count(Persons, LiftFigure.Persons)];
            var totals = noise.Totals(0, Spend, [treatedSums.Spends, controlSums.Spends], persons);
            var (treated, control) = (WithAges(noise, totals[0], treatedSums), WithAges(noise, totals[1], controlSums));
            return (Comparison.OfMeans(treated.Outcome, control.Outcome), CupedComparison.Of(treated, control));
        })];
    }

    private static CovariateTotal WithAges(LiftNoise noise, ArmTotal total, ArmSums sums) =>
        noise.WithCovariate(0, total, Spend, Age, noise.Covariate(Age, sums.Ages), sums.Products);

    // Computes the engine's totals of an arm in the columns' codes.
    private static ArmSums Arm(Random random, Func<int, double> explained, double effect)
    {
        long spends = 0, spendSquares = 0, ages = 0, ageSquares = 0, products = 0;
        for (var person = 0; person < Persons; person++)
        {
            var age = random.Next(20, 100);
            var spend = (long)Math.Round(100 * (explained(age) + (random.NextDouble() * 15) + effect));
            (spends, spendSquares, ages, ageSquares, products) = (
                spends + spend, spendSquares + (spend * spend), ages + age, ageSquares + (age * age), products + (age * spend));
        }
        return new ArmSums(
            new MeasureSums(Persons, spends, spendSquares), new MeasureSums(Persons, ages, ageSquares),
            new ProductSums(Persons, spends, ages, products));
    }

    private sealed record ArmSums(MeasureSums Spends, MeasureSums Ages, ProductSums Products);
}
