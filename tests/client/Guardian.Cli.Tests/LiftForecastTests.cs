using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Commands.Rooms;
using Guardian.Cli.Rooms;
using Guardian.Documents;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Tests;

/// <summary><c>room power</c> on the contract that <c>room create</c> writes: noise, caps and more persons before anybody signs.</summary>
public sealed class LiftForecastTests
{
    private static readonly RoomPowerCommand.Expectation Spend = new(50_000, 0.8, null, 5, 30);
    private static readonly RoomPowerCommand.Expectation Visits = new(50_000, 0.8, 0.06, null, null);

    [Fact]
    public void A_smaller_cap_and_more_persons_find_smaller_effects_and_the_suggested_cap_keeps_its_promise()
    {
        var result = Forecast(Read(), 1, Spend with { Persons = 5_000 });
        Assert.Equal(("customers.spend", 500.0), (result.Outcome, result.Cap));
        var effect = Assert.Single(result.Effects);
        Assert.True(effect.WithoutNoise < effect.HalfCap && effect.HalfCap < effect.Absolute && effect.TwicePersons < effect.Absolute);
        Assert.InRange(result.SuggestedCap!.Value, 10, 499);
        var suggested = FormattableString.Invariant($"    caps: {{customers.spend: {result.SuggestedCap}}}\n");
        var better = Forecast(
            Read(("    population: matched\n", "    population: matched\n" + suggested)), 1, Spend with { Persons = 5_000 });
        Assert.InRange(better.Effects[0].Absolute, better.Effects[0].WithoutNoise, 1.101 * better.Effects[0].WithoutNoise);
        Assert.Null(better.SuggestedCap);
    }

    [Fact]
    public void A_rate_has_no_cap_and_exact_figures_have_no_noise()
    {
        var rate = Forecast(Read(), 0, Visits);
        Assert.Null(rate.Cap);
        Assert.Null(rate.Effects[0].HalfCap);
        Assert.True(rate.Effects[0].WithoutNoise < rate.Effects[0].Absolute);
        // The campaign of 50,000 persons: an eighth of 6 % is found in spite of noise.
        Assert.InRange(rate.Effects[0].Relative!.Value, 0.05, 0.13);
        var exact = Forecast(Read(("noise: {epsilon: 0.1}", "noise: none")), 1, Spend);
        Assert.Equal(exact.Effects[0].WithoutNoise, exact.Effects[0].Absolute);
        Assert.Null(exact.SuggestedCap);
    }

    // References by scipy, without noise.
    [Fact]
    public void Ratios_covariates_clusters_and_several_looks_have_their_least_effects()
    {
        const string population = "    population: matched\n";
        (string, string) exact = ("noise: {epsilon: 0.1}", "noise: none");
        RoomContract With(string more, bool isExact = true) => Read([
            (population, population + more), .. isExact ? [exact] : Array.Empty<(string, string)>()]);
        const string ratios = "    ratios: {basket: customers.spend / customers.visit}\n";
        const string looks = "    looks: {persons: 50000}\n";
        var basket = Spend with { Mean = 60, Deviation = 40, Denominator = 0.1 };
        double Ratio(RoomContract contract, RoomPowerCommand.Expectation expected) =>
            new LiftForecast(contract, contract.Analyses.Lift!, 1, expected) { Ratio = contract.Analyses.Lift!.Ratios[0] }.Compute()
                .Effects[0].Absolute;
        Assert.Equal(3.6606646910804437, Ratio(With(ratios), basket), 1e-9);
        const string clusters = ratios + "    cluster: campaign.shop\n";
        (string, string) shop = (
            "      - {name: exposed, type: flag, filter: true}\n",
            "      - {name: exposed, type: flag, filter: true}\n      - {name: shop, type: integer, minimum: 1, maximum: 200}\n");
        var clustered = Read((population, population + clusters), exact, shop);
        Assert.Equal(5.11184004659966, Ratio(clustered, basket with { ClusterSize = 20, ClusterCorrelation = 0.05 }), 1e-9);

        (string, string) history = (
            "      - {name: visit, type: flag}\n", "      - {name: visit, type: flag}\n      - {name: before, type: integer, minimum: 0, "
                + "maximum: 1000}\n");
        var covariate = Read((population, population + "    covariate: customers.before\n"), exact, history);
        Assert.Equal(0.6407944970054776, Forecast(covariate, 1, Spend with { Explained = 0.4 }).Effects[0].Absolute, 1e-9);
        Assert.Equal(1.1059343141963214, Forecast(With(looks), 1, Spend).Effects[0].Absolute, 1e-9);
        Assert.Equal(0.8272621384145245, Forecast(Read(exact), 1, Spend).Effects[0].Absolute, 1e-9);
        Assert.InRange(
            Forecast(With(looks), 0, Visits).Effects[0].Absolute / Forecast(Read(exact), 0, Visits).Effects[0].Absolute, 1.2, 1.5);

        // Noise is counted in each of them.
        Assert.True(Ratio(With(ratios, isExact: false), basket) > 3.67);
        Assert.True(Forecast(With(looks, isExact: false), 1, Spend).Effects[0].Absolute > 1.107);
        var noisy = Read((population, population + "    covariate: customers.before\n"), history);
        var narrowed = Forecast(noisy, 1, Spend with { Explained = 0.4, CovariateDeviation = 100 }).Effects[0];
        Assert.True(narrowed.Absolute > narrowed.WithoutNoise);
    }

    private static RoomPowerResult Forecast(RoomContract contract, int outcome, RoomPowerCommand.Expectation expected) =>
        new LiftForecast(contract, contract.Analyses.Lift!, outcome, expected).Compute();

    internal static RoomContract Read(params (string Old, string New)[] changes)
    {
        var code = default(MrEnclave);
        var text = RoomTemplates.WriteContractHead(
            "test", [("agency", IdentityKey.Create().PublicKey), ("retailer", IdentityKey.Create().PublicKey)], code, code,
            [PlatformKind.Simulated], new string('0', 64), new string('0', 64)) + RoomTemplates.WriteContractBody("agency", "retailer");
        foreach (var (old, replacement) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, replacement, StringComparison.Ordinal);
        }
        var problems = new DocumentProblems();
        var contract = ContractReader.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Empty(problems.Items.Select(problem => problem.ToString()));
        return contract!;
    }
}
