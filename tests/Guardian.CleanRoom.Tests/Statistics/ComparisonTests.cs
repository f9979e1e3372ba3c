namespace Guardian.CleanRoom.Tests;

/// <summary>Figures of Hillstrom's experiment as computed independently from the published file; see samples/hillstrom.</summary>
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

    [Theory]
    [InlineData(1.959963984540054, 0.05)]
    [InlineData(2.5758293035489004, 0.01)]
    [InlineData(0.6744897501960817, 0.5)]
    [InlineData(5, 5.733031437583869e-7)]
    public void Two_sided_p_values_are_those_of_the_tables(double z, double p) => Assert.Equal(p, Distributions.NormalTwoSided(z), p * 1e-9);

    [Theory]
    [InlineData(3.841458820694124, 1, 0.05)]
    [InlineData(5.991464547107979, 2, 0.05)]
    [InlineData(18.307038053275146, 10, 0.05)]
    [InlineData(29.58829844507442, 10, 0.001)]
    public void Chi_square_tails_are_those_of_the_tables(double x, int degrees, double p) => Assert.Equal(p, Distributions.ChiSquareUpperTail(x, degrees), 1e-10);

    private static ArmTotal Total(double[] values) => new(values.Length, values.Sum(), values.Sum(value => value * value));

    private static void Near(double expected, double found, double tolerance = 1e-6) => Assert.Equal(expected, found, tolerance);
}
