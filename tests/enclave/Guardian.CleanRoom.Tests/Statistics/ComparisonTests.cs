using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Statistics;

/// <summary>Figures of Hillstrom's experiment, computed independently from the published file; see samples/hillstrom.</summary>
public class ComparisonTests
{
    private static readonly ArmTotal NoneVisit = new(21_306, 2_262, 2_262);
    private static readonly ArmTotal NoneConversion = new(21_306, 122, 122);

    [Theory]
    [InlineData(21_307, 3_894, true, 0.076590, 0.003386, 0.069954, 0.083226, 0.069953, 0.083227, 22.486041, 0.721405, 0.640385, 0.806426)]
    [InlineData(21_307, 267, false, 0.006805, 0.000921, 0.005000, 0.008610, 0.005014, 0.008641, 7.385114, 1.188422, 0.767984, 1.708842)]
    [InlineData(21_387, 3_238, true, 0.045233, 0.003234, 0.038894, 0.051572, 0.038894, 0.051574, 13.949181, 0.426055, 0.356171, 0.499540)]
    [InlineData(21_387, 189, false, 0.003111, 0.000823, 0.001499, 0.004723, 0.001502, 0.004745, 3.779561, 0.543313, 0.230105, 0.936269)]
    [InlineData(42_694, 7_132, true, 0.060882, 0.002777, 0.055439, 0.066325, 0.055404, 0.066291, 20.510088, 0.573453, 0.505201, 0.644800)]
    [InlineData(42_694, 456, false, 0.004955, 0.000717, 0.003548, 0.006361, 0.003508, 0.006333, 6.243765, 0.865263, 0.528521, 1.276191)]
    public void Rates_compare_as_in_the_reference(
        long persons, long did, bool isVisit, double lift, double error, double waldLower, double waldUpper,
        double lower, double upper, double z, double relative, double katzLower, double katzUpper)
    {
        var comparison = Comparison.OfRates(new ArmTotal(persons, did, did), isVisit ? NoneVisit : NoneConversion);
        Near(lift, comparison.AbsoluteLift);
        Near(error, comparison.StandardError);
        Near(waldLower, comparison.Wald().Lower);
        Near(waldUpper, comparison.Wald().Upper);
        Near(lower, comparison.AbsoluteInterval.Lower);
        Near(upper, comparison.AbsoluteInterval.Upper);
        Near(z, comparison.Z!.Value);
        Near(relative, comparison.RelativeLift!.Value);
        Near(katzLower, comparison.RelativeInterval!.Lower);
        Near(katzUpper, comparison.RelativeInterval.Upper);
        Near(lift * persons, comparison.Incremental, 0.5e-6 * persons);
    }

    [Theory]
    [InlineData(21_307, 3_894, true, 0.638416, 0.804393)]
    [InlineData(21_307, 267, false, 0.721542, 1.655301)]
    [InlineData(21_387, 3_238, true, 0.354401, 0.497709)]
    [InlineData(21_387, 189, false, 0.193241, 0.893385)]
    [InlineData(42_694, 7_132, true, 0.503676, 0.643230)]
    [InlineData(42_694, 456, false, 0.493887, 1.236639)]
    public void The_delta_method_gives_the_intervals_of_the_reference(long persons, long did, bool isVisit, double lower, double upper)
    {
        var interval = Comparison.DeltaOfRates(new ArmTotal(persons, did, did), isVisit ? NoneVisit : NoneConversion)!;
        Near(lower, interval.Lower);
        Near(upper, interval.Upper);
    }

    [Fact]
    public void Noise_widens_every_interval_and_every_error_and_no_noise_changes_nothing()
    {
        ArmTotal exact = new(2_000, 300, 300), control = new(2_000, 240, 240);
        var (plain, noisy) = (
            Comparison.OfRates(exact, control),
            Comparison.OfRates(exact with { SumNoise = 200, PersonsNoise = 200 }, control with { SumNoise = 200, PersonsNoise = 200 }));
        Assert.True(Width(noisy.AbsoluteInterval) > 1.2 * Width(plain.AbsoluteInterval));
        Assert.True(Width(noisy.RelativeInterval!) > 1.2 * Width(plain.RelativeInterval!));
        Assert.True(noisy.StandardError > plain.StandardError && noisy.PValue > plain.PValue);
        // By hand: each rate's variance gains (200 + p² 200) / n².
        var added = ((200 + (0.15 * 0.15 * 200)) + (200 + (0.12 * 0.12 * 200))) / (2_000.0 * 2_000);
        Near(Math.Sqrt((plain.StandardError * plain.StandardError) + added), noisy.StandardError, 1e-12);
        // A count that noise carried below zero or above the number of persons is read as none or all.
        Assert.True(
            double.IsFinite(Comparison.OfRates(new ArmTotal(50, -3, -3, 8, 8), new ArmTotal(50, 57, 57, 8, 8)).AbsoluteInterval.Lower));

        static double Width(Interval interval) => interval.Upper - interval.Lower;
    }

    [Fact]
    public void Noisy_intervals_cover_the_truth_as_often_as_they_say()
    {
        // A thousand experiments of known effect, with binomial outcomes and noise of epsilon 0.25: about 95 % of the intervals contain it.
        var random = new Random(9);
        var noise = new SeededBytes(10);
        var (variance, thresholds) = (DiscreteLaplace.Variance(4), DiscreteLaplace.ThresholdsOf(4, 1));
        ArmTotal Arm(double rate)
        {
            var did = Enumerable.Range(0, 400).Count(_ => random.NextDouble() < rate);
            long Noisy(long value) => value + (long)DiscreteLaplace.Sample(thresholds, noise);
            var (persons, sum) = (Noisy(400), Noisy(did));
            return new ArmTotal(persons, sum, sum, variance, variance);
        }
        var covered = Enumerable.Range(0, 1_000).Count(_ =>
        {
            var interval = Comparison.OfRates(Arm(0.25), Arm(0.2)).AbsoluteInterval;
            return interval.Lower <= 0.05 && interval.Upper >= 0.05;
        });
        Assert.InRange(covered, 930, 975);
    }

    [Fact]
    public void Nobody_who_did_gives_no_relative_lift_instead_of_infinity()
    {
        var comparison = Comparison.OfRates(new ArmTotal(100, 5, 5), new ArmTotal(100, 0, 0));
        Assert.Null(comparison.RelativeLift);
        Assert.Null(comparison.RelativeInterval);
        Assert.True(comparison.AbsoluteInterval.Lower > 0);
        Assert.Null(Comparison.OfRates(new ArmTotal(100, 0, 0), new ArmTotal(100, 0, 0)).PValue);
    }

    [Fact]
    public void Means_without_spread_give_no_statistic()
    {
        var comparison = Comparison.OfMeans(new ArmTotal(10, 0, 0), new ArmTotal(10, 0, 0));
        Assert.Equal((0, null, null), (comparison.AbsoluteLift, comparison.Z, comparison.RelativeInterval));
    }

    [Fact]
    public void Means_compare_as_a_plain_computation_does()
    {
        double[] treated = [1, 2, 3, 4, 10], control = [2, 2, 2, 3];
        var comparison = Comparison.OfMeans(Total(treated), Total(control));
        // By hand: means 4 and 2.25, variances 12.5 and 0.25.
        Near(1.75, comparison.AbsoluteLift);
        Near(Math.Sqrt((12.5 / 5) + (0.25 / 4)), comparison.StandardError);
        Near(1.75 / 2.25, comparison.RelativeLift!.Value);
        Near(1.75 * 5, comparison.Incremental);
    }

    [Fact]
    public void The_sample_ratio_of_the_experiment_is_as_intended()
    {
        var ratio = SampleRatio.Check([21_307, 21_387, 21_306], [1.0 / 3, 1.0 / 3, 1.0 / 3]);
        Near(0.20253125, ratio.ChiSquare);
        Near(0.903693, ratio.PValue);
        Assert.Equal((2, false), (ratio.DegreesOfFreedom, ratio.IsMismatch));
        Assert.True(SampleRatio.Check([21_307, 21_387, 20_306], [1.0 / 3, 1.0 / 3, 1.0 / 3]).IsMismatch);
    }

    // Theta, lift and standard error were computed independently from the published file: Mens against none, covariate history.
    [Theory]
    [InlineData("visit", 9.134195e-05, 0.0764111475, 0.0033783605)]
    [InlineData("conversion", 1.1044850e-05, 0.0067834329, 0.0009204671)]
    [InlineData("spend", 0.0012228965, 0.7674384994, 0.1452150422)]
    public void Cuped_gives_the_figures_of_the_reference(string outcome, double theta, double lift, double error)
    {
        var rows = HillstromRows.Read();
        CovariateTotal Arm(string arm)
        {
            var chosen = rows.Where(row => row.Arm == arm).Select(row => (Y: row.Outcome(outcome), X: row.History)).ToList();
            return new CovariateTotal(
                new ArmTotal(chosen.Count, chosen.Sum(row => row.Y), chosen.Sum(row => row.Y * row.Y)), chosen.Sum(row => row.X),
                chosen.Sum(row => row.X * row.X), chosen.Sum(row => row.X * row.Y));
        }
        var cuped = CupedComparison.Of(Arm("Mens E-Mail"), Arm("No E-Mail"))!;
        Assert.Equal(theta, cuped.Theta, 1e-9);
        Near(lift, cuped.Result.AbsoluteLift);
        Near(error, cuped.Result.StandardError);
        Assert.InRange(cuped.VarianceReduction, 0, 0.02);
    }

    [Fact]
    public void Cuped_narrows_by_the_square_of_the_correlation_and_needs_a_covariate_that_varies()
    {
        var random = new Random(2);
        CovariateTotal Arm(double effect)
        {
            var rows = Enumerable.Range(0, 20_000).Select(_ => (X: random.NextDouble(), E: random.NextDouble()))
                .Select(row => (row.X, Y: row.X + (0.5 * row.E) + effect)).ToList();
            return new CovariateTotal(
                new ArmTotal(rows.Count, rows.Sum(row => row.Y), rows.Sum(row => row.Y * row.Y)), rows.Sum(row => row.X),
                rows.Sum(row => row.X * row.X), rows.Sum(row => row.X * row.Y));
        }
        var (treated, control) = (Arm(0.02), Arm(0));
        var cuped = CupedComparison.Of(treated, control)!;
        // The variance of Y is 1/12 + 1/48, and X explains 4/5 of it.
        Assert.InRange(cuped.VarianceReduction, 0.78, 0.82);
        Assert.InRange(
            Math.Pow(cuped.Result.StandardError / Comparison.OfMeans(treated.Outcome, control.Outcome).StandardError, 2), 0.18, 0.22);
        Assert.Null(
            CupedComparison.Of(control with { Sum = 20_000, SumOfSquares = 20_000 }, control with { Sum = 20_000, SumOfSquares = 20_000 }));
    }

    [Fact]
    public void The_effect_on_the_exposed_is_the_difference_over_the_difference_in_exposure()
    {
        var result = Comparison.OfRates(new ArmTotal(10_000, 1_200, 1_200), new ArmTotal(10_000, 1_000, 1_000));
        var exposed = ExposedEffect.Of(result, 0.4, 0)!;
        Near(0.02 / 0.4, exposed.Effect);
        Near(result.AbsoluteInterval.Lower / 0.4, exposed.Interval.Lower);
        Near(0.02 / 0.35, ExposedEffect.Of(result, 0.4, 0.05)!.Effect);
        Assert.Null(ExposedEffect.Of(result, 0.4, 0.395));
    }

    [Fact]
    public void Corrections_are_those_of_the_papers()
    {
        double[] p = [0.01, 0.04, 0.03, 0.005];
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") and "BH".
        Assert.Equal([0.03, 0.06, 0.06, 0.02], Corrections.Adjust(MultipleTesting.Holm, p).Select(each => Math.Round(each, 10)));
        Assert.Equal(
            [0.02, 0.04, 0.04, 0.02], Corrections.Adjust(MultipleTesting.BenjaminiHochberg, p).Select(each => Math.Round(each, 10)));
        Assert.Empty(Corrections.Adjust(MultipleTesting.Holm, []));
        Assert.Equal([1, 1], Corrections.Adjust(MultipleTesting.Holm, [0.9, 0.8]));
    }

    [Theory]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.8, 0.8416212335729143)]
    [InlineData(0.5, 0)]
    [InlineData(0.001, -3.090232306167813)]
    public void Quantiles_are_those_of_the_tables(double probability, double expected) =>
        Assert.Equal(expected, Distributions.NormalQuantile(probability), 9);

    [Fact]
    public void The_detectable_effect_is_the_one_that_is_found_with_the_power_that_was_asked_for()
    {
        // Means: (1.95996 + 0.84162) * 10 * sqrt(2/1000).
        Near(2.801585 * 10 * Math.Sqrt(0.002), DetectableEffect.OfMeans(1_000, 1_000, 50, 10, 0, 0.05, 0.8).Absolute, 1e-5);
        var rates = DetectableEffect.OfRates(5_000, 5_000, 0.1, 0, 0.05, 0.8);
        Near(rates.Absolute / 0.1, rates.Relative!.Value);
        var random = new Random(4);
        var found = Enumerable.Range(0, 400).Count(_ =>
        {
            ArmTotal Arm(double rate) =>
                Enumerable.Range(0, 5_000).Count(_ => random.NextDouble() < rate) is var did ? new ArmTotal(5_000, did, did) : null!;
            return Comparison.OfRates(Arm(0.1 + rates.Absolute), Arm(0.1)).PValue < 0.05;
        });
        Assert.InRange(found, 290, 350);
        Assert.True(DetectableEffect.OfRates(5_000, 5_000, 0.1, 5_000, 0.05, 0.8).Absolute > rates.Absolute);
        Assert.True(DetectableEffect.OfMeans(1_000, 1_000, 50, 10, 0, 0.05, 0.8, reduction: 0.5).Absolute < DetectableEffect.OfMeans(
            1_000, 1_000, 50, 10, 0, 0.05, 0.8).Absolute);
    }

    [Theory]
    [InlineData(1.959963984540054, 0.05)]
    [InlineData(2.5758293035489004, 0.01)]
    [InlineData(0.6744897501960817, 0.5)]
    [InlineData(5, 5.733031437583869e-7)]
    public void Two_sided_p_values_are_those_of_the_tables(double z, double p) =>
        Assert.Equal(p, Distributions.NormalTwoSided(z), p * 1e-9);

    [Theory]
    [InlineData(3.841458820694124, 1, 0.05)]
    [InlineData(5.991464547107979, 2, 0.05)]
    [InlineData(18.307038053275146, 10, 0.05)]
    [InlineData(29.58829844507442, 10, 0.001)]
    public void Chi_square_tails_are_those_of_the_tables(double x, int degrees, double p) =>
        Assert.Equal(p, Distributions.ChiSquareUpperTail(x, degrees), 1e-10);

    private static ArmTotal Total(double[] values) => new(values.Length, values.Sum(), values.Sum(value => value * value));

    private static void Near(double expected, double found, double tolerance = 1e-6) => Assert.Equal(expected, found, tolerance);
}
