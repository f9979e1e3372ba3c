using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// The theorem of docs/spec/privacy.md for lift. An attacker knows everybody else and takes all figures of one measurement together, each
/// with its own noise. The figures of a naive room, which pays the whole price for each of them, tell it more than the price allows.
/// </summary>
public sealed class LiftNoiseAttackTests
{
    private const int Trials = 4_000;

    // Everything that a design can have, and outcomes whose minimum is not zero.
    private static readonly (string, string)[][] Designs =
    [
        [],
        [("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.spend]")],
        [("population: matched", "population: assigned\n    exposure: campaign.exposed")],
        [("population: matched", "population: matched\n    exposure: campaign.exposed\n    covariate: customers.age")],
        [("population: matched", "population: matched\n    caps: {customers.spend: 3}\n    covariate: customers.age")],
    ];

    public static TheoryData<int, double> Prices() =>
        [.. Enumerable.Range(0, Designs.Length).SelectMany(design => new[] { 0.001, 0.7, 3, 10 }.Select(epsilon => (design, epsilon)))];

    [Theory]
    [MemberData(nameof(Prices))]
    public void All_figures_of_a_person_together_cost_no_more_than_the_price(int design, double epsilon)
    {
        var shares = Shares(design, (decimal)epsilon);
        // Noise of sensitivity / part has a privacy loss of part, and losses add up. Nothing is wasted either.
        Assert.All(shares.Parts.Values, part => Assert.True(part > 0));
        Assert.InRange(shares.Parts.Values.Sum(), (decimal)epsilon - 0.000_000_1m, (decimal)epsilon);
    }

    [Fact]
    public void An_attacker_who_knows_everyone_else_guesses_a_person_as_seldom_as_the_price_says()
    {
        const double epsilon = 1;
        var parts = Shares(3, (decimal)epsilon).Parts.Values.ToList();
        // The best guess there is: by the likelihood of all figures together, with the person and without.
        double Right(Func<decimal, decimal> priceOf)
        {
            var rules = new DisclosureRules(PrivacyRules.Default with { Epsilon = (decimal)epsilon }, new SeededBytes(21));
            var right = 0;
            for (var trial = 0; trial < Trials; trial++)
            {
                var isThere = trial % 2 == 0;
                var evidence = 0.0;
                foreach (var part in parts)
                {
                    // The target changes every figure by as much as anybody can.
                    const int reach = 40;
                    var figure = rules.NoiseOf(isThere ? 1_000 + reach : 1_000, reach, priceOf(part)).Value;
                    var distance = (double)(Int128.Abs(figure - 1_000) - Int128.Abs(figure - 1_000 - reach));
                    evidence += distance * (double)priceOf(part) / reach;
                }
                right += evidence > 0 == isThere ? 1 : 0;
            }
            return (double)right / Trials;
        }
        // exp(e) / (1 + exp(e)) = 73.1 %; two deviations of this many trials are 1.4 %.
        var most = Math.Exp(epsilon) / (1 + Math.Exp(epsilon));
        Assert.True(Right(_ => (decimal)epsilon) > most + 0.1);
        Assert.InRange(Right(part => part), 0.55, most + 0.014);
    }

    private static LiftShares Shares(int design, decimal epsilon) => LiftShares.Of(TestContract.Read(
        [.. Designs[design], ("    control: None", FormattableString.Invariant($"    epsilon: {epsilon}\n    control: None")),
            ("noise: none", "noise: {epsilon: 0.5}")]))!;
}
